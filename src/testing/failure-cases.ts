import assert from 'node:assert/strict'
import type { SpawnError } from '../command/spawn-error.js'
import type { CommandRunner } from '../command/command-runner.js'
import { output, uniqueWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

async function fails(runner: CommandRunner, argv: string[], options: object, stage: string, errno?: string) {
  const command = runner.spawn(argv, options)
  await assert.rejects(command.started, (error: SpawnError) => {
    assert.equal(error.code, 'SPAWN_FAILED', error.message)
    assert.equal(error.stage, stage, error.message)
    if (errno !== undefined) assert.equal(error.details['errno'], errno)
    return true
  })
  const exit = await command.exit
  assert.equal(exit.reason, 'spawnFailed')
  assert.equal(exit.code, undefined)
  assert.equal(await command.text('stdout'), '')
  assert.equal(await command.text('stderr'), '')
}

/** A command that cannot be started is a SpawnError, and nothing else. */
export const failureCases = defineCases([
  {
    name: 'a folder that is not there is a SpawnError',
    run: (runner) => fails(runner, ['true'], { cwd: '/not/there' }, 'cwd', 'ENOENT'),
  },
  {
    name: 'a file for a folder is a SpawnError',
    run: (runner) => fails(runner, ['true'], { cwd: '/proc/version' }, 'cwd', 'ENOTDIR'),
  },
  {
    name: 'a binary that is not there is a SpawnError, and nothing is printed',
    run: (runner) => fails(runner, ['anyon-no-such-binary'], {}, 'exec', 'ENOENT'),
  },
  {
    name: 'a file that is not executable is a SpawnError',
    run: (runner) => fails(runner, ['/proc/version'], {}, 'exec', 'EACCES'),
  },
  {
    name: 'a script without its interpreter is a SpawnError',
    needs: ['exactExit'],
    async run(runner) {
      const script = `/tmp/${uniqueWord()}`
      const content = '#!/no/such/interpreter\n'
      await output(runner.run(['sh', '-c', `cat >${script} && chmod 755 ${script}`], { stdin: content }))
      await fails(runner, [script], {}, 'exec', 'ENOENT')
      await output(runner.run(['rm', script]))
    },
  },
  {
    name: 'a user that does not exist is a SpawnError',
    needs: ['users'],
    async run(runner) {
      for (const user of ['no-such-user', 'root:no-such-group']) {
        await fails(runner, ['true'], { user }, 'user', 'ENOENT')
      }
    },
  },
])
