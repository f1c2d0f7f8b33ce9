import { describe, expect, test } from 'vitest'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { Secret } from '../../src/model/secret.js'
import { secretFile } from '../../src/secrets/secret-uses.js'
import { usePlaces } from '../runners/places.js'
import { attempt, perl, unguarded, user, withPerl } from './attack.js'

const places = usePlaces()

/** Every way into another process's memory, environment and descriptors. */
const lookInto = String.raw`
for my $pid (@ARGV) {
  for my $file (qw(environ mem maps auxv)) {
    my $open = open my $in, '<', "/proc/$pid/$file";
    outcome("$pid $file", $open && ($file eq 'mem' || defined sysread $in, my $bytes, 1));
  }
  my $written = 0;
  for my $fd (0 .. 40) {
    my $there;
    for my $how (O_RDONLY, O_WRONLY) { $written++ if sysopen $there, "/proc/$pid/fd/$fd", $how | O_NONBLOCK }
    $written++ if defined readlink "/proc/$pid/fd/$fd";
  }
  $! = Errno::EACCES unless $written; # rather than of the last one tried
  outcome("$pid fd", $written);
  my ($mine, $room) = ("\0" x 8, "\0" x 8);
  my $vector = pack 'QQ', unpack('Q', pack 'p', $room), 8;
  my $nowhere = pack 'QQ', 4096, 8;
  my $read = call('readv', $pid + 0, $vector, 1, $nowhere, 1, 0);
  outcome("$pid process_vm_readv", $read || $!{EFAULT});
  my $handle = call('pidfd_open', $pid + 0, 0);
  outcome("$pid pidfd_getfd", call('pidfd_getfd', $handle + 0, 0, 0)) if defined $handle;
  outcome("$pid seize", call('ptrace', 0x4206, $pid + 0, 0, 0));
  outcome("$pid attach", call('ptrace', 16, $pid + 0, 0, 0)) if $pid != $$;
}`

/** A process of one's own, on which the same must work: else it would prove nothing. */
const control = String.raw`
my $child = fork // die; if (!$child) { exec 'sleep', '60' }
select undef, undef, undef, 0.02 while (readlink "/proc/$child/exe") !~ /sleep/;
@ARGV = ($child);
${lookInto}
kill 'KILL', $child;`

/** What one may not do; ENOSYS is a kernel that cannot. */
const refused = /^(EPERM|EACCES|ENOSYS)$/

/** Pids of the supervisor, its monitors (but for this command's own) and those who connect to it. */
const findOurs = String.raw`for my $file (glob '/proc/[0-9]*/cmdline') {
  open my $in, '<', $file or next; my $line = <$in> // next;
  my ($pid) = $file =~ /(\d+)/;
  print "$pid\n" if $line =~ /^\S*supervisor\S*\0(init|connect)/ && $pid != getppid;
}`

describe.each([
  ['of ours', () => places.ours(unguarded, withPerl)],
  [
    'of somebody else',
    () => places.others({ ...withPerl, HostConfig: { SecurityOpt: unguarded.SecurityOpt } }),
  ],
])('in a container %s', (_name, start) => {
  test.each([
    ['a user', user],
    ['root', '0'],
  ])('%s looks into neither supervisor, monitors nor connects', async (_who, asUser) => {
    const runner = places.runner(await start())
    const victim = runner.spawn(['sh', '-c', 'echo up; read -r line; exit 4'], { stdin: 'pipe' })
    await firstLine(victim)
    const ours = async () => (await output(runner.run(perl(findOurs)))).trim().split('\n')
    await expect.poll(async () => (await ours()).length).toBeGreaterThanOrEqual(3) // the connect may come later
    const targets = await ours()

    const own = await attempt(runner, asUser, control)
    expect([...own.values()].filter((outcome) => outcome === 'worked').length).toBeGreaterThan(7)
    const outcomes = await attempt(runner, asUser, lookInto, ...targets)
    expect(outcomes.size).toBeGreaterThanOrEqual(targets.length * 8)
    for (const [what, outcome] of outcomes)
      expect([what, outcome]).toEqual([what, expect.stringMatching(refused)])

    victim.stdin.end('\n')
    expect(await victim.exit).toMatchObject({ reason: 'exited', code: 4 })
  })
})

test.each([
  ['a user', user],
  ['root', '0'],
])('%s inherits stdin, stdout and stderr, and nothing else', async (_who, asUser) => {
  const secretStore = { get: () => Promise.resolve(new Secret('one', 'a secret')) }
  const runner = places.runner(await places.ours({ Tmpfs: { '/tmp': '' } }, withPerl), { secretStore })
  const open = String.raw`print join ' ', grep { defined readlink "/proc/$$/fd/$_" } 0 .. 4096`
  for (const options of [{}, { stdin: 'x' }, { secrets: [secretFile('one', 'one')] }]) {
    expect(await output(runner.run(perl(open), { user: asUser, ...options }))).toBe('0 1 2')
  }
  const terminal = runner.spawn(perl(open), { user: asUser, terminal: { columns: 80, rows: 24 } })
  expect(await firstLine(terminal)).toBe('0 1 2')
})
