import { output } from '../../src/testing/case-tools.js'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { DEBIAN_IMAGE } from '../support/engine.js'

/** An image with perl, for system calls that no usual tool makes. */
export const withPerl = { Image: DEBIAN_IMAGE }
/** So that nothing but the supervisor's own guard is tried. */
export const unguarded = { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }
/** The user of commands that are nobody special. */
export const user = '1234:1234'

/**
 * `call NAME, ...` makes a system call; `outcome WHAT, WORKED` prints what came of it, the system's error if it failed.
 * The error's name is looked for in a fixed list, as some have two.
 */
const prelude = String.raw`
use strict; use warnings; use Socket; use Fcntl; use Errno; use POSIX ();
$| = 1;
my %number = (POSIX::uname())[4] eq 'x86_64'
  ? (ptrace => 101, prlimit => 302, readv => 310, pidfd_open => 434, pidfd_getfd => 438,
     tgkill => 234, sigqueue => 129, setscheduler => 144)
  : (ptrace => 117, prlimit => 261, readv => 270, pidfd_open => 434, pidfd_getfd => 438,
     tgkill => 131, sigqueue => 138, setscheduler => 119);
sub call { my $name = shift; my $result = syscall($number{$name}, @_); return $result < 0 ? undef : $result || '0E0' }
sub outcome {
  my ($what, $worked) = @_;
  my ($why) = grep { $!{$_} } qw(EPERM EACCES EROFS ENOENT EBUSY EFAULT ESRCH EBADF ENOSYS ENXIO EAGAIN ETXTBSY);
  print "$what ", $worked ? 'worked' : $why // $! + 0, "\n";
}
`

/** The argv of a perl script with the two functions above. */
export function perl(script: string, ...args: string[]): string[] {
  return ['perl', '-e', `${prelude}\n${script}`, ...args]
}

/** Runs such a script and answers what it told: what came of each attempt. */
export async function attempt(
  runner: CommandRunner,
  asUser: string,
  script: string,
  ...args: string[]
): Promise<Map<string, string>> {
  const told = await output(runner.run(perl(script, ...args), { user: asUser, timeoutMs: 20_000 }))
  const lines = told.split('\n').filter(Boolean)
  return new Map(lines.map((line) => line.split(/ (?=\S+$)/) as [string, string]))
}

/** The abstract socket of the container's supervisor, as a perl expression of type `sockaddr`. */
export const socketAddress = String.raw`pack_sockaddr_un("\0anyon-supervisor-" . (stat '/proc/self/ns/pid')[1])`
