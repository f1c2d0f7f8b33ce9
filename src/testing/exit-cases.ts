import assert from 'node:assert/strict'
import type { CommandExit } from '../command/command-exit.js'
import type { CommandFailedError } from '../command/command-failed-error.js'
import type { CommandRunner } from '../command/command-runner.js'
import { signalNumbers, type SignalName } from '../model/signal.js'
import { atOnce, firstLine, output, uniqueWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Those that end no process that does not handle them. */
const harmless = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGURG',
  'SIGWINCH',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
])

/** Those that leave a core file where the limit allows one. */
const dumping: readonly SignalName[] = [
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
]

/** How a program ends that another command sends the signal to; not a shell, since some ignore SIGQUIT. */
async function endBy(runner: CommandRunner, name: SignalName, before: string): Promise<CommandExit> {
  const command = runner.spawn(['sh', '-c', `${before}; echo $$; exec sleep 60`])
  const pid = await firstLine(command)
  // Until the shell has become sleep.
  const script = `until grep -q ^sleep /proc/${pid}/cmdline; do :; done; kill -${signalNumbers[name]} ${pid}`
  await output(runner.run(['sh', '-c', script]))
  return command.exit
}

/** Codes and signals are the ones that were. */
export const exitCases = defineCases([
  {
    name: 'every exit code is what it was',
    needs: ['exactExit'],
    async run(runner) {
      const codes = Array.from({ length: 256 }, (_, code) => code)
      const exits = await atOnce(codes, 32, (code) => runner.run(['sh', '-c', `exit ${code}`]))
      assert.deepEqual(
        exits.map(({ exit }) => [exit.reason, exit.code, exit.signal]),
        codes.map((code) => ['exited', code, undefined]),
      )
      assert.equal(exits.filter(({ exit }) => exit.succeeded).length, 1)
    },
  },
  {
    name: 'every signal is what it was, and no code is made of it',
    needs: ['exactExit'],
    async run(runner) {
      const names = (Object.keys(signalNumbers) as SignalName[]).filter((name) => !harmless.has(name))
      const exits = await atOnce(names, 16, (name) => endBy(runner, name, 'ulimit -c 0'))
      assert.deepEqual(
        exits.map((exit) => [exit.reason, exit.signal, exit.code]),
        names.map((name) => ['signaled', name, undefined]),
      )
    },
  },
  {
    name: 'a signal that dumps core is that signal',
    needs: ['exactExit'],
    async run(runner) {
      const folder = `/tmp/${uniqueWord()}`
      await output(runner.run(['mkdir', folder]))
      const exits = await atOnce(dumping, 5, (name) =>
        endBy(runner, name, `cd ${folder} && ulimit -c unlimited`),
      )
      await output(runner.run(['rm', '-r', folder]))
      assert.deepEqual(
        exits.map((exit) => [exit.reason, exit.signal, exit.code]),
        dumping.map((name) => ['signaled', name, undefined]),
      )
    },
  },
  {
    name: 'exit 137 and SIGKILL are told apart',
    needs: ['exactExit'],
    async run(runner) {
      const { exit: code } = await runner.run(['sh', '-c', 'exit 137'])
      const { exit: signal } = await runner.run(['sh', '-c', 'kill -9 $$'])
      assert.deepEqual([code.reason, code.code, code.signal], ['exited', 137, undefined])
      assert.deepEqual([signal.reason, signal.code, signal.signal], ['signaled', undefined, 'SIGKILL'])
    },
  },
  {
    name: 'an exit carries times, CPU and memory',
    needs: ['supervised'],
    async run(runner) {
      const before = Date.now()
      const { exit } = await runner.run(['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'])
      assert(exit.startedAt && exit.finishedAt && exit.startedAt <= exit.finishedAt)
      assert(Math.abs(exit.startedAt.getTime() - before) < 60_000)
      assert((exit.cpuTimeMs?.user ?? 0) + (exit.cpuTimeMs?.system ?? 0) > 1)
      assert((exit.peakMemoryBytes ?? 0) > 100_000)
      assert.equal(exit.evidence, 'wait4')
      assert.deepEqual(JSON.parse(JSON.stringify(exit.descendants)), {
        killed: 0,
        survivors: [],
        verified: true,
      })
    },
  },
  {
    name: 'check rejects with the whole result',
    async run(runner) {
      const failed = runner.run(['sh', '-c', 'echo out; echo err >&2; exit 2'], { check: true })
      await assert.rejects(failed, (error: CommandFailedError) => {
        assert.deepEqual(
          [error.code, error.result.exit.code, error.result.stdout, error.result.stderr],
          ['COMMAND_FAILED', 2, 'out\n', 'err\n'],
        )
        return true
      })
    },
  },
])
