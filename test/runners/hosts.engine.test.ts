import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { firstLine, forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { testEndpoint } from '../support/engine.js'
import type { TestContainer } from './container.js'
import { buildHostProgram, type HostProgram } from './host-process.js'
import { usePlaces } from './places.js'

const places = usePlaces()
const orphanGraceMs = 300
const lines = 100
const count = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); sleep 0.03; done; exit 5`
const counted = Array.from({ length: lines }, (_, index) => `line ${index}\n`).join('')

let program: HostProgram
beforeAll(async () => {
  program = await buildHostProgram()
})
afterAll(() => program?.remove())

/** A host process whose attached command, a tree that fights its end, has the word, and whose detached one has the id. */
async function host(container: TestContainer, word: string, id: string) {
  const hostile = `setsid sh -c 'trap "" TERM; while :; do sleep 1; done' ${word} &`
  const attached = JSON.stringify(forever(word, hostile))
  const detached = JSON.stringify({ id, argv: ['sh', '-c', count] })
  const child = await program.start(attached, testEndpoint(), container.id, String(orphanGraceMs), detached)
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('two hosts in one container: the death of one takes its attached trees, and nothing else', async () => {
  const container = await places.ours()
  const runner = places.runner(container)
  const [words, ids] = [
    [uniqueWord(), uniqueWord()],
    [uniqueWord(), uniqueWord()],
  ]
  const [first] = await Promise.all(words.map((word, index) => host(container, word, ids[index]!)))
  const alive = async (word: string) => (await withWord(runner, word)).length
  // The command and what it started; more while a shell is about to run a program.
  for (const word of words) expect(await alive(word)).toBeGreaterThan(1)
  const detached = (await runner.list()).filter((one) => one.detached)
  expect(detached.map(({ id }) => id).sort()).toEqual([...ids].sort())

  const died = once(first!, 'exit')
  first!.kill('SIGKILL')
  await died
  await expect.poll(() => alive(words[0]!)).toBe(0)
  expect(await alive(words[1]!)).toBeGreaterThan(1)

  for (const id of ids) {
    await firstLine(await runner.attach(id))
    const readers = [0, 1, 6].map(async (from) => {
      const command = await runner.attach(id, { fromStdoutByte: from })
      return [await command.text(), (await command.exit).code]
    })
    expect(await Promise.all(readers)).toEqual([0, 1, 6].map((from) => [counted.slice(from), 5]))
  }
  expect(await alive(words[1]!)).toBeGreaterThan(1)
})

test('a host cannot attach to what another has attached, nor take its id', async () => {
  const container = await places.ours()
  const [mine, others] = [places.runner(container), places.runner(container)]
  const id = uniqueWord()
  const command = mine.spawn(['sleep', '600'], { id })
  await command.started
  await expect(others.attach(id)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  await expect(others.forget(id)).rejects.toMatchObject({ code: 'COMMAND_RUNNING' })
  await expect(others.spawn(['true'], { id }).started).rejects.toMatchObject({ code: 'COMMAND_ID_TAKEN' })
  await others.close()
  await command.kill()
  expect((await command.exit).reason).toBe('killed')
})
