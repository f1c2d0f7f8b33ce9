import { describe, expect, onTestFinished, test } from 'vitest'
import { supervisorBinary } from '../../src/delivery/supervisor-binary.js'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { engineArchitecture } from '../runners/container.js'
import { usePlaces } from '../runners/places.js'
import { attempt, perl, socketAddress, unguarded, user, withPerl } from './attack.js'

const places = usePlaces()

/** Where the supervisor lies in a container of somebody else. */
async function uploaded(folder = ''): Promise<string> {
  const { hash } = await supervisorBinary(await engineArchitecture(places.engine))
  return `${folder}/.anyon-supervisor-${hash}`
}

/** Takes the supervisor's name before there is one, and does as `then` says with whoever comes. */
async function squat(container: { id: string }, asUser: string, then: string): Promise<void> {
  const squatter = places.runner(container, { supervisor: 'never', user: asUser }).spawn(
    perl(`socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); bind $s, ${socketAddress} or die $!; listen $s, 1 or die $!;
      ${then}; sleep 600`),
  )
  onTestFinished(() => squatter.close())
  expect(await firstLine(squatter)).toBe('there')
}
const full = `my @held; for (1 .. 2) { my $c; socket $c, AF_UNIX, SOCK_SEQPACKET, 0;
  connect $c, ${socketAddress} or die $!; push @held, $c } print "there\n"`

describe('in a container of ours', () => {
  test.each([
    ['a user', user],
    ['root', '0'],
  ])('%s can put nothing in the place of the supervisor', async (_who, asUser) => {
    const container = await places.ours(unguarded, withPerl)
    const runner = places.runner(container)
    const outcomes = await attempt(
      runner,
      asUser,
      String.raw`
      sub run { outcome("@_", system("@_ >/dev/null 2>&1") == 0 || ($! = Errno::EPERM) && 0) }
      outcome('write', sysopen my $file, '/.anyon/supervisor', O_WRONLY);
      outcome('rename', rename '/.anyon/supervisor', '/.anyon/other');
      outcome('rename folder', rename '/.anyon', '/.other');
      outcome('unlink', unlink '/.anyon/supervisor');
      run(@$_) for ['mount', '-o', 'remount,rw', '/.anyon'], ['umount', '-l', '/.anyon'],
        ['mount', '--bind', '/tmp', '/.anyon'], ['mount', '-t', 'tmpfs', 'none', '/.anyon'],
        ['mount', '-t', 'tmpfs', 'none', '/proc'], ['unshare', '-m', 'true'];`,
    )
    expect(outcomes.size).toBe(10)
    for (const [what, outcome] of outcomes) {
      expect([what, outcome]).toEqual([what, expect.stringMatching(/^(EPERM|EACCES|EROFS|EBUSY|ETXTBSY)$/)])
    }
    expect((await places.runner(container).run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('a user is let in neither by the program nor at the socket', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const { stderr, exit } = await runner.run(['/.anyon/supervisor', 'connect'], { user })
    expect([exit.code, stderr]).toEqual([4, expect.stringContaining('another user')])
    const knock = String.raw`socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect $s, ${socketAddress} or die $!;
      print sysread($s, my $byte, 1) ? 'in' : 'out'`
    expect(await output(runner.run(perl(knock), { user }))).toBe('out')
  })

  test('what the environment of a container preloads, and its PATH, are nothing to the supervisor', async () => {
    const Env = ['LD_PRELOAD=/tmp/evil.so', 'LD_LIBRARY_PATH=/tmp', 'PATH=/tmp/evil:/bin:/usr/bin']
    const container = await places.ours({}, { ...withPerl, Env })
    const runner = places.runner(container)
    await output(
      runner.run(['sh', '-c', 'echo /tmp/evil.so > /etc/ld.so.preload; echo x > /tmp/evil.so'], {
        user: '0',
      }),
    )
    expect((await places.runner(container).run(['echo', 'on'])).stdout).toBe('on\n')
  })
})

describe('in a container of somebody else, before the supervisor', () => {
  test.each([
    ['and lets nobody in', full, 'lets nobody in'],
    ['and lets everybody in', 'print "there\n"; while (accept my $c, $s) {}', 'belongs to another user'],
  ])('a user who takes its name %s makes it a refusal', async (_how, then, why) => {
    const container = await places.others(withPerl)
    await squat(container, user, then)
    await expect(places.runner(container, { supervisor: 'required' }).run(['true'])).rejects.toMatchObject({
      code: 'SUPERVISOR_DELIVERY_FAILED',
      message: expect.stringContaining(why) as string,
    })
  })

  test('a user who takes its name has commands run without it where that may be', async () => {
    const container = await places.others(withPerl)
    await squat(container, user, 'print "there\n"')
    const plain = places.runner(container)
    expect((await plain.run(['echo', 'on'])).stdout).toBe('on\n')
    expect(plain.capabilities).toMatchObject({ supervised: false, secrets: false })
  })

  test('root who takes its name, and says nothing of what a supervisor says, makes it a refusal', async () => {
    const container = await places.others(withPerl)
    await squat(container, '0', 'print "there\n"; while (accept my $c, $s) { syswrite $c, "x"; close $c }')
    await expect(places.runner(container, { supervisor: 'required' }).run(['true'])).rejects.toMatchObject({
      code: 'SUPERVISOR_DELIVERY_FAILED',
    })
  })

  test('root who puts another program in its place makes it a refusal', async () => {
    const container = await places.others(withPerl)
    const first = places.runner(container)
    await first.run(['true'])
    const path = await uploaded()
    const replace = String.raw`my $size = -s $ARGV[0]; unlink $ARGV[0]; open my $out, '>', $ARGV[0];
      my $fake = "#!/bin/sh\necho I am the supervisor\nexit\n";
      print $out $fake, ' ' x ($size - length $fake); chmod 0555, $ARGV[0]; print 'done'`
    expect(await output(first.run(perl(replace, path), { user: '0' }))).toBe('done')
    await expect(places.runner(container, { supervisor: 'required' }).run(['true'])).rejects.toMatchObject({
      code: 'SUPERVISOR_DELIVERY_FAILED',
      message: expect.stringContaining('I am the supervisor') as string,
    })
    expect((await first.run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('what a user puts where it is to go on a tmpfs is not run as root', async () => {
    const container = await places.others({ HostConfig: { ReadonlyRootfs: true, Tmpfs: { '/tmp': 'exec' } } })
    const path = await uploaded('/tmp')
    const plant = `echo '#!/bin/sh' > $1; echo 'id -u > /tmp/owned' >> $1; chmod 755 $1`
    const planter = places.runner(container, { supervisor: 'never', user })
    expect((await planter.run(['sh', '-c', plant, 'sh', path])).exit).toMatchObject({ code: 0 })
    const runner = places.runner(container, { supervisor: 'required' })
    expect((await runner.run(['ls', '/tmp'])).stdout).toBe('')
  })

  test('where users may rename what is in the tmpfs, it does not go there', async () => {
    const HostConfig = { ReadonlyRootfs: true, Tmpfs: { '/open': 'exec,mode=0777' } }
    const container = await places.others({ HostConfig })
    await expect(places.runner(container, { supervisor: 'required' }).run(['true'])).rejects.toMatchObject({
      code: 'SUPERVISOR_DELIVERY_FAILED',
      message: expect.stringContaining('other users may rename what is in it') as string,
    })
  })
})
