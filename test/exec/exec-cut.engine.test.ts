import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { execInContainer } from '../../src/exec/exec-in-container.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js'
import { removeTestContainer, startTestContainer, testEngine } from '../support/io-container.js'

const EXEC_START = /exec\/[0-9a-f]+\/start/
let proxy: FaultProxy
let engine: ContainerEngine
let id: string

beforeAll(async () => {
  proxy = await startFaultProxy(testEndpoint())
  engine = await testEngine(proxy.endpoint)
  id = await startTestContainer(engine)
})
afterAll(async () => {
  await removeTestContainer(engine, id)
  await engine.close()
  await proxy.close()
})

it('never takes a cut connection for a success, nor the engine’s 126 for the command’s', async () => {
  for (const script of ['cat /dev/zero', 'while :; do echo x; done']) {
    const command = execInContainer(engine, id, ['timeout', '2', 'sh', '-c', script])
    command.stdout.resume()
    await command.started
    expect(proxy.cut(EXEC_START)).toBe(1)
    const exit = await command.exit
    expect(exit.succeeded).toBe(false)
    expect(exit.code).not.toBe(126)
    expect(exit.explanation).toBeDefined()
  }
})

it('waits for a silent command whose connection was cut, and gives its real code', async () => {
  const command = execInContainer(engine, id, ['sh', '-c', 'sleep 1; exit 5'])
  await command.started
  expect(proxy.cut(EXEC_START)).toBe(1)
  const exit = await command.exit
  // Depending on its version the engine notes the code, or that the client left.
  if (exit.reason === 'exited') expect(exit.code).toBe(5)
  else expect(exit).toMatchObject({ reason: 'unknown', succeeded: false, evidence: 'none' })
})
