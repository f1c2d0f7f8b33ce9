import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { ContainersError } from '../../src/errors/containers-error.js'
import { openContainer } from '../../src/runners/docker/open-container.js'

test('a stream that was opened early is closed when the container cannot be looked at', async () => {
  const stream = new PassThrough()
  const lost = new ContainersError('ENGINE_UNREACHABLE', 'The engine went away.')
  const engine = {
    createExec: () => Promise.resolve('exec'),
    startExec: () => Promise.resolve(stream),
    inspectContainer: () => Promise.reject(lost),
  } as unknown as ContainerEngine
  const opened = openContainer(engine, 'box', { isKnown: true }, new AbortController().signal)
  await expect(opened).rejects.toBe(lost)
  expect(stream.destroyed).toBe(true)
})
