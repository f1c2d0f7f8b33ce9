import { defineConfig } from 'vitest/config'

const engineTests = 'test/**/*.engine.test.ts'
const packageTests = 'test/package/**/*.test.ts'
/** Waiting for what no event tells of ends here, where it will never be so: not on a busy machine, but in a bug. */
const patience = { testTimeout: 30_000, expect: { poll: { timeout: 20_000, interval: 20 } } }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...patience,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [engineTests, packageTests],
        },
      },
      {
        test: {
          ...patience,
          name: 'integration',
          include: [engineTests],
          globalSetup: 'test/support/global-setup.ts',
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
