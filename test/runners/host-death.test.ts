import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { buildHostProgram, type HostProgram } from './host-process.js'

describe('HostRunner and its own process', () => {
  const runner = new HostRunner()
  let program: HostProgram
  beforeAll(async () => {
    program = await buildHostProgram()
  })
  afterAll(async () => {
    await runner.close()
    await program?.remove()
  })

  test('commands end when the host process is killed', async () => {
    const word = uniqueWord()
    const script = forever(word, `setsid sh -c 'trap "" TERM; while :; do sleep 1; done' ${word} &`)
    const host = await program.start(JSON.stringify(script))
    // The host itself has the word in its arguments, too; and a shell's child until it has become its program.
    expect((await withWord(runner, word)).length).toBeGreaterThanOrEqual(3)
    host.kill('SIGKILL')
    await once(host, 'exit')
    await expect.poll(() => withWord(runner, word)).toEqual([])
  })

  test('an idle runner does not keep its process alive', async () => {
    const host = await program.start(JSON.stringify(['echo', 'done']))
    expect(await once(host, 'exit')).toEqual([0, null])
  })
})
