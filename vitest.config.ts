import { defineConfig } from 'vitest/config'

const engineTests = 'test/**/*.engine.test.ts'
const packageTests = 'test/package/**/*.test.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [engineTests, packageTests],
        },
      },
      {
        test: {
          name: 'integration',
          include: [engineTests],
          globalSetup: 'test/support/global-setup.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'package',
          include: [packageTests],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
