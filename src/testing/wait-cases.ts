import assert from 'node:assert/strict'
import { isContainersError } from '../errors/containers-error.js'
import { defineCases } from './runner-case.js'

/** Rejects unless the wait does, with that code. */
async function rejectsWith(code: string, wait: Promise<unknown>): Promise<void> {
  await assert.rejects(wait, (error) => isContainersError(error) && error.code === code)
}

/** Waits for what a command comes to do. */
export const waitCases = defineCases([
  {
    name: 'a line is waited for, on either stream, and is still there for its reader',
    async run(runner) {
      const command = runner.spawn([
        'sh',
        '-c',
        'echo starting; sleep 0.1; echo ready on 3000 >&2; echo done',
      ])
      assert.equal(await command.waitForLog(/ready on (\d+)/), 'ready on 3000')
      assert.equal(await command.text('stderr'), 'ready on 3000\n')
      assert.equal(await command.text(), 'starting\ndone\n')
    },
  },
  {
    name: 'a wait for a line ends with its command and with its time',
    async run(runner) {
      await rejectsWith('COMMAND_ENDED', runner.spawn(['sh', '-c', 'echo other']).waitForLog(/ready/))
      const command = runner.spawn(['sleep', '600'])
      await rejectsWith('DEADLINE_EXCEEDED', command.waitForLog(/ready/, { timeoutMs: 50 }))
      assert.equal((await command.kill()).survivors.length, 0)
    },
  },
  {
    name: 'a wait for a port ends with its command and with its time',
    needs: ['ports'],
    async run(runner) {
      // Nobody listens at port 1.
      await rejectsWith('COMMAND_ENDED', runner.spawn(['sleep', '0.1']).waitForPort(1))
      const command = runner.spawn(['sleep', '600'])
      await rejectsWith('DEADLINE_EXCEEDED', command.waitForPort(1, { timeoutMs: 100 }))
      assert.equal((await command.kill()).survivors.length, 0)
    },
  },
])
