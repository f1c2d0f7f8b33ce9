import { accessSync, constants } from 'node:fs'
import { expect, test } from 'vitest'
import { supervisorBinary, supervisorPath } from '../../src/delivery/supervisor-binary.js'

test.each(['x64', 'amd64', 'x86_64'])('finds the executable for %s', async (architecture) => {
  accessSync(supervisorPath(architecture), constants.X_OK)
  const { bytes, hash } = await supervisorBinary(architecture)
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
  expect(hash).toMatch(/^[0-9a-f]{16}$/)
})

test.each(['s390x', ''])('an architecture without one is refused by name: %j', async (architecture) => {
  expect(() => supervisorPath(architecture)).toThrow(
    expect.objectContaining({ code: 'SUPERVISOR_UNAVAILABLE', details: { architecture } }),
  )
})
