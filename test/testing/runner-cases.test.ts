import { describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import type { RunnerAbility } from '../../src/testing/runner-case.js'
import { runnerCases } from '../../src/testing/runner-cases.js'

/** The cases that not every runner can meet, by what they need. */
const needed: Partial<Record<RunnerAbility, string[]>> = {
  supervised: [
    'the environment is exactly what was asked for, and who one is',
    'a command has no open file but its three',
    'a user has the groups that the place says, by name and by number, and no others',
    'runs as a user given by name, with HOME of its own',
    'a listener that throws harms only itself',
    'a slow reader makes the process wait, and loses nothing',
    'an exit carries times, CPU and memory',
    'descendants are kept when asked, and do not hold up the exit',
    'a timeout ends a command whose reader has stopped',
  ],
  exactEnvironment: ['inheritEnv passes on what it names and nothing else'],
  users: [
    'runs as a user given by numbers',
    'a user has the groups that the place says, by name and by number, and no others',
    'runs as a user given by name, with HOME of its own',
    'a user that does not exist is a SpawnError',
    'another user owns the terminal',
    'a fork bomb at its limit of processes is killed, provably',
  ],
  uniqueUsers: [
    "commands of the user 'unique' are each somebody else, with one group and no name",
    "commands of the user 'unique' can neither read nor end each other",
  ],
  detached: [
    'a detached command goes on when its handle is closed, and its exit and output wait for whoever comes',
    'an id is in use until it is forgotten',
    'an attached handle kills the whole tree and extends its time',
    'several read one command, each at its own pace and from its own place',
    'what a spool could not keep is told as a gap, to readers and in the list and the exit',
    'a spool that blocks makes the command wait and loses nothing',
    'a detached command reads what it was given, however much that is',
    'a list has running commands as well, without their arguments; only detached ones are attached to',
    'an attach call is given up by its signal, and the command knows nothing of it',
    'a detached command that could not be run is not kept',
  ],
  terminals: [
    'a terminal has its size from the first moment, and is one',
    'all output in a terminal comes on stdout',
    'TERM in a terminal is xterm-256color unless given',
    'a new size of a terminal is seen by SIGWINCH',
    'a terminal may be resized from the spawn on',
    'a resize is refused for no size, without a terminal, and after the end',
    'Ctrl-C is a SIGINT to the foreground',
    'the end of stdin is a Ctrl-D, at the start of a line and within one',
    'every byte passes a raw terminal in both directions',
    'single keys reach a program at once in raw mode',
    'exits in a terminal are as exact as anywhere',
    'a megabyte printed to a terminal just before the end is there',
    'a terminal controls its session',
    'another user owns the terminal',
    'a shell in a terminal has job control',
    'a kill hangs the terminal up',
    'what has left the session of a terminal is killed as well',
    'a time limit holds in a terminal, and what was printed is kept',
    'fifty terminals at once are fifty',
  ],
  verifiedKill: [
    'what has left the session of a terminal is killed as well',
    'a hostile tree is killed, provably',
    'kill lets a command end by itself within the grace',
    'two hundred kills from 0 to 50 ms after spawn leave nothing',
    'a fork bomb at its limit of processes is killed, provably',
    'what a command leaves behind goes too',
  ],
  exactExit: [
    'a script without its interpreter is a SpawnError',
    'every exit code is what it was',
    'every signal is what it was, and no code is made of it',
    'a signal that dumps core is that signal',
    'exit 137 and SIGKILL are told apart',
    'a SIGKILL from elsewhere is a signal, and no lack of memory',
  ],
  backpressure: [
    'slow and fast readers at once: each has its own pace, and all of its bytes',
    'a command that waits for its reader is not silent',
    'two hundred commands at once, one of which has a slow reader',
  ],
  ports: ['a wait for a port ends with its command and with its time'],
  sessions: [
    'a session keeps the folder',
    'a session keeps the environment, byte for byte',
    'a session shows nothing of its own in the environment',
    'a session keeps variables, aliases, options and umask of its shell',
    'a session keeps functions where its shell can list them',
    'a session without a shell keeps folder and environment',
    'a session goes on after any code, with what the command had changed',
    'a command that is killed leaves a session as it was',
    'no script ends a session',
    'a session gets out of a folder that is gone',
    'a session keeps at most half a megabyte, and says so',
    'a variable too long for any program does not end a session',
    'a command in a session reads its own stdin',
    'a session keeps 64 MB of output whole',
    'jobs that a command of a session leaves are killed at its end',
    'a program in a session is what it is without one',
    'commands of a session wait for each other, in order',
    'a session that is closed kills its command, and runs no other',
    'what belongs to a session is not chosen for one command',
    'a thousand commands in a session',
    'a session that cannot be opened says why',
  ],
}

describe('runnerCases', () => {
  test('have names of their own', () => {
    expect(new Set(runnerCases.map(({ name }) => name)).size).toBe(runnerCases.length)
  })

  test('say what they need, and no more of them need anything', () => {
    const found: Partial<Record<RunnerAbility, string[]>> = {}
    for (const { name, needs } of runnerCases) for (const need of needs) (found[need] ??= []).push(name)
    expect(found).toEqual(needed)
  })

  test('fail for a runner that lacks what they need, instead of passing over it', async () => {
    const proof = runnerCases.find(({ needs }) => needs.includes('verifiedKill'))!
    const run = proof.run(() => new HostRunner({ supervisor: 'never' }))
    await expect(run).rejects.toThrow('capabilities')
  })

  test('close the runner that they are given', async () => {
    const runner = new HostRunner()
    await runnerCases[0]!.run(() => runner)
    expect(() => runner.spawn(['true'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})
