import { describe, expect, onTestFinished, test } from 'vitest'
import type { Command } from '../../src/command/command.js'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { usePlaces } from '../runners/places.js'
import { attempt, perl, socketAddress, unguarded, user, withPerl } from './attack.js'

const places = usePlaces()

const hog = (command: Command) => onTestFinished(() => command.close())

describe('a user', () => {
  test('who knocks at the socket without end keeps nobody out', async () => {
    const container = await places.ours({}, withPerl)
    const runner = places.runner(container)
    const knock = `socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect $s, ${socketAddress}`
    const script = `fork; fork; print "up\n"; while (1) { ${knock} }`
    const knocking = runner.spawn(perl(script), { user })
    await firstLine(knocking)
    expect((await runner.run(['echo', 'on'], { timeoutMs: 10_000 })).stdout).toBe('on\n')
    expect((await places.runner(container).run(['echo', 'in'], { timeoutMs: 10_000 })).stdout).toBe('in\n')
    expect(await knocking.kill({ graceMs: 0 })).toMatchObject({ verified: true })
  })

  test('who writes to its own stdin is given no more than others', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const script = String.raw`
      open my $own, '>', '/proc/self/fd/0' or die $!; $own->autoflush(1);
      my $size = fcntl STDIN, 1031, 1 << 20 or die $!;
      syswrite $own, "\0" x $size; print "full\n"; sleep 600`
    const command = runner.spawn(perl(script), { user, stdin: 'pipe' })
    hog(command)
    expect(await firstLine(command)).toBe('full')
    const other = runner.spawn(['cat'], { user, stdin: 'pipe' })
    const megabyte = Buffer.alloc(1 << 20)
    let taken = 0
    for (let i = 0; i < 32; i++) command.stdin.write(megabyte, () => (taken += megabyte.length))
    // What comes after it on the same connection has seen it all.
    other.stdin.end('still here')
    expect(await other.text()).toBe('still here')
    expect(await residentKiB(runner)).toBeLessThan(2000)
    expect(taken).toBeLessThan(2 * megabyte.length)
  })

  test('who takes all memory is told of as such, and the supervisor goes on', async () => {
    const runner = places.runner(await places.ours({ Memory: 64 << 20, MemorySwap: 64 << 20 }, withPerl))
    for (let round = 0; round < 2; round++) {
      const { exit } = await runner.run(perl('my @all; push @all, "x" x (1 << 20) while 1'), { user })
      expect(exit).toMatchObject({ reason: 'oom', signal: 'SIGKILL' })
      expect((await runner.run(['echo', 'room'])).stdout).toBe('room\n')
    }
  })

  test('who holds the other ends of pipes of others holds up no exit', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const held = runner.spawn(['sh', '-c', 'echo $$; read -r line; exit 4'], { user, stdin: 'pipe' })
    const pid = await firstLine(held)
    const script =
      'my @held; for (0 .. 2) { open $held[$_], "+<", "/proc/$ARGV[0]/fd/$_" or die $! } print "held\n"; sleep 600'
    const holder = runner.spawn(perl(script, pid), { user })
    hog(holder)
    expect(await firstLine(holder)).toBe('held')
    held.stdin.end('\n')
    expect(await held.exit).toMatchObject({ reason: 'exited', code: 4 })
  })
})

describe('root', () => {
  test('cannot set limits of supervisor and monitors, nor of the container', async () => {
    const runner = places.runner(await places.ours(unguarded, withPerl))
    const script = String.raw`
      for my $pid (1, getppid) {
        for my $limit (0 .. 15) { outcome("$pid limit $limit", call('prlimit', $pid, $limit, pack('QQ', 1, 1), 0)) }
      }
      for my $file (grep { -f && /(max|limit_in_bytes|freeze|state|cpus|quota_us|kill|procs)$/ }
          glob '/sys/fs/cgroup/{,*/,*/*/}*') {
        outcome($file, open my $out, '>', $file);
      }`
    const outcomes = await attempt(runner, '0', script)
    expect(outcomes.size).toBeGreaterThan(2 * 16 + 4)
    for (const [what, outcome] of outcomes) {
      expect([what, outcome]).toEqual([what, expect.stringMatching(/^(EPERM|EACCES|EROFS)$/)])
    }
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('may put the supervisor last in the queue for the processor, and it goes on', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const last = ['sh', '-c', 'renice -n 19 -p 1 && chrt --idle -p 0 1 && chrt -p 1']
    expect(await output(runner.run(last, { user: '0' }))).toContain('SCHED_IDLE')
    const busy = runner.spawn(['sh', '-c', 'for i in 1 2 3; do while :; do :; done & done; echo up; wait'])
    hog(busy)
    await firstLine(busy)
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
    expect(await busy.kill({ graceMs: 0 })).toMatchObject({ verified: true })
  })

  test('who takes all places in the queue at the socket has execs refused, not kept waiting', async () => {
    const container = await places.ours({}, withPerl)
    const runner = places.runner(container)
    const script = `my @held; for (1 .. 70) { socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0);
      connect $s, ${socketAddress} or die $!; push @held, $s } print "full\n"; sleep 600`
    const holder = runner.spawn(perl(script), { user: '0' })
    expect(await firstLine(holder)).toBe('full')
    const byExecAlone = { supervisor: 'required', orphanGraceMs: 0 } as const
    const refused = places.runner(container, byExecAlone).run(['true'])
    await expect(refused).rejects.toMatchObject({
      code: 'SUPERVISOR_DELIVERY_FAILED',
      message: expect.stringContaining('refused the connection') as string,
    })
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
    expect((await places.runner(container).run(['echo', 'past it'])).stdout).toBe('past it\n')
    await holder.kill({ graceMs: 0 })
    expect((await places.runner(container).run(['echo', 'in'])).stdout).toBe('in\n')
  })
})

async function residentKiB(runner: Parameters<typeof attempt>[0]): Promise<number> {
  const status = await output(runner.run(['cat', '/proc/1/status']))
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1])
}
