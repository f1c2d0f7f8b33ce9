import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { output } from '../../src/testing/case-tools.js'
import { engineRequest } from '../support/engine.js'
import { openFiles } from '../support/open-files.js'
import { usePlaces } from './places.js'

const places = usePlaces()
const usualBytes = 64 * 1024
/** fcntl with F_GETPIPE_SZ, of each path. */
const perl = 'for (@ARGV) { open($pipe, "+<", $_) or next; print fcntl($pipe, 1032, 0), "\\n" }'

/** The sizes of the pipes that the process has open. */
function pipeSizes(pid: number): number[] {
  const pipes = openFiles(pid).filter(({ target }) => target.startsWith('pipe:'))
  return execFileSync('perl', ['-e', perl, ...pipes.map(({ path }) => path)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

test('the pipes of a connection are large while much flows, and as they were when it is over', async () => {
  const container = await places.ours()
  const { body } = await engineRequest('GET', `/containers/${container.id}/json`)
  const { Pid } = (body as { State: { Pid: number } }).State
  const runner = places.runner(container)
  await output(runner.run(['true']))
  const before = pipeSizes(Pid)
  expect(Math.max(...before)).toBe(usualBytes)

  const command = runner.spawn(['yes'])
  command.stdout.resume()
  const largest = () => Math.max(...pipeSizes(Pid))
  await vi.waitUntil(() => largest() > usualBytes, { timeout: 20_000 })
  await command.kill({ graceMs: 0 })
  await vi.waitUntil(() => largest() === usualBytes, { timeout: 20_000 })
})
