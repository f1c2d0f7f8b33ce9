import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/command/command.js'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { usePlaces } from '../runners/places.js'
import { attempt, perl, unguarded, user, withPerl } from './attack.js'

const places = usePlaces()

/** A command that says which process stands over it, and ends with 4 when it is told to. */
async function victim(runner: CommandRunner): Promise<{ command: Command; monitor: string }> {
  const command = runner.spawn(['sh', '-c', 'echo $PPID; read -r line; exit 4'], { stdin: 'pipe' })
  return { command, monitor: await firstLine(command) }
}

const everySignal = String.raw`
for my $pid (@ARGV) {
  for my $signal (1 .. 64) {
    outcome("$pid kill $signal", kill $signal, $pid);
    outcome("$pid tgkill $signal", call('tgkill', $pid + 0, $pid + 0, $signal));
    my $info = pack('iii', $signal, 0, -1) . "\0" x 116;
    outcome("$pid sigqueue $signal", call('sigqueue', $pid + 0, $signal, $info));
  }
}`

describe.each([
  ['of ours', () => places.ours(unguarded, withPerl)],
  [
    'of somebody else',
    () => places.others({ ...withPerl, HostConfig: { SecurityOpt: unguarded.SecurityOpt } }),
  ],
])('in a container %s', (_name, start) => {
  test('a user can signal neither supervisor nor monitors', async () => {
    const runner = places.runner(await start())
    const { command, monitor } = await victim(runner)
    const supervisor = (await output(runner.run(['cut', '-d', ' ', '-f4', `/proc/${monitor}/stat`]))).trim()
    const outcomes = await attempt(runner, user, everySignal, supervisor, monitor)
    expect(outcomes.size).toBe(2 * 3 * 64)
    expect(new Set(outcomes.values())).toEqual(new Set(['EPERM']))
    command.stdin.end('\n')
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 4 })
  })

  test('whatever root sends to monitors, exits are true or unknown', async () => {
    const runner = places.runner(await start())
    const signals = Array.from({ length: 64 }, (_, i) => i + 1)
    const victims = await Promise.all(signals.map(() => victim(runner)))
    const pairs = victims.map(({ monitor }, i) => `${monitor}:${signals[i]}`)
    const send = 'for (@ARGV) { my ($pid, $signal) = split /:/; kill $signal, $pid }'
    await output(runner.run(perl(send, ...pairs), { user: '0' }))
    for (const { command } of victims) command.stdin.end('\n')
    const exits = await Promise.all(victims.map(({ command }) => command.exit))
    const lost = exits.filter(({ reason }) => reason === 'unknown')
    expect(lost.length).toBeGreaterThan(10)
    for (const exit of lost) {
      expect(exit).toMatchObject({ evidence: 'none', succeeded: false })
      expect(exit).not.toHaveProperty('code')
      expect(exit).not.toHaveProperty('signal')
    }
    const [HUP, STOP, TSTP] = [exits[0], exits[18], exits[19]]
    for (const exit of [HUP, STOP, TSTP]) expect(exit).toMatchObject({ reason: 'exited', code: 4 })
    for (const exit of exits)
      if (exit.reason !== 'unknown') expect(exit).toMatchObject({ reason: 'exited', code: 4 })
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('a command that root has kill everything has an exit that claims nothing', async () => {
    const runner = places.runner(await start())
    const { command } = await victim(runner)
    const killer = runner.spawn(['sh', '-c', 'kill -9 -1; exit 0'], { user: '0' })
    expect(await killer.exit).toMatchObject({ reason: 'unknown', evidence: 'none', succeeded: false })
    expect(await command.exit).toMatchObject({ reason: 'unknown', evidence: 'none', succeeded: false })
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
  })
})

describe('process 1', () => {
  test('does not care for signals of root, but for the one that asks it to end', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const { command } = await victim(runner)
    const all = 'for my $signal (1 .. 64) { kill $signal, 1 if $signal != 15 } print "sent"'
    expect(await output(runner.run(perl(all), { user: '0' }))).toBe('sent')
    command.stdin.end('\n')
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 4 })
    const ended = await runner.run(['sh', '-c', 'kill -TERM 1; sleep 60'], { user: '0' })
    expect(ended.exit).toMatchObject({ reason: 'containerDied', succeeded: false })
    expect(ended.exit).not.toHaveProperty('code')
  })
})

describe('beside a main process', () => {
  test('a supervisor that root has stopped is continued by whoever connects next', async () => {
    const container = await places.others()
    const runner = places.runner(container, { heartbeatMs: 200 })
    const { command, monitor } = await victim(runner)
    const supervisor = (await output(runner.run(['cut', '-d', ' ', '-f4', `/proc/${monitor}/stat`]))).trim()
    const stopper = runner.spawn(['kill', '-STOP', supervisor], { user: '0' })
    expect((await places.runner(container).run(['echo', 'on'])).stdout).toBe('on\n')
    expect(await stopper.exit).toMatchObject({ reason: 'exited', code: 0 })
    command.stdin.end('\n')
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 4 })
  })
})
