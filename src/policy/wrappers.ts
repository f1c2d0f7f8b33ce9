import type { OptionNames } from './options.js'

/** A program that runs another program, which follows its options. */
export interface Wrapper extends OptionNames {
  /** Words between the options and the program. Default: 0. */
  readonly operands?: number
  /** Words such as `NAME=value` may stand before the program. */
  readonly assignments?: boolean
  /** Without a program it starts a shell. */
  readonly startsShell?: boolean
  /** With one of these options it runs nothing. */
  readonly runsNothing?: readonly string[]
  /** It does more than to run the program: a list of what is allowed must name it too. */
  readonly grants?: boolean
}

/** Programs that run what follows them, with as much of their options as is needed to find where that begins. */
export const wrappers: ReadonlyMap<string, Wrapper> = new Map(
  Object.entries<Wrapper>({
    builtin: {},
    busybox: {},
    catatonit: { alone: 'g P' },
    chroot: {
      alone: 'skip-chdir',
      withValue: 'userspec groups',
      operands: 1,
      startsShell: true,
      grants: true,
    },
    command: { alone: 'p v V', runsNothing: ['v', 'V'] },
    doas: { alone: 'L n s', withValue: 'C u', startsShell: true, grants: true },
    'dumb-init': { alone: 'c v single-child verbose', withValue: 'r rewrite' },
    exec: { alone: 'c l', withValue: 'a' },
    gosu: { operands: 1, grants: true },
    ionice: { alone: 't ignore', withValue: 'c n p P u class classdata' },
    nice: { alone: '0 1 2 3 4 5 6 7 8 9', withValue: 'n adjustment' },
    nohup: {},
    nsenter: {
      alone:
        'a m u i n p U C T F r w e all mount uts ipc net pid user cgroup time no-fork preserve-credentials',
      withValue: 't S G W target setuid setgid',
      startsShell: true,
      grants: true,
    },
    setsid: { alone: 'c f w ctty fork wait' },
    stdbuf: { withValue: 'i o e input output error' },
    strace: {
      alone: 'C c f i k n q r t T v x y z Z',
      withValue: 'a b e E I o O p P s S u U X',
      grants: true,
    },
    'su-exec': { operands: 1, grants: true },
    sudo: {
      alone:
        'A b B e E H i K k l n P S s V v askpass background preserve-env edit set-home login list non-interactive preserve-groups stdin shell validate',
      withValue:
        'C D g h p R r T t U u close-from chdir group host prompt chroot role command-timeout type other-user user',
      assignments: true,
      startsShell: true,
      grants: true,
    },
    time: { alone: 'a p q v append portability quiet verbose', withValue: 'f o format output' },
    timeout: {
      alone: 'f p v foreground preserve-status verbose',
      withValue: 'k s kill-after signal',
      operands: 1,
    },
    tini: { alone: 'g s v w', withValue: 'e p' },
    toybox: {},
    unshare: {
      alone:
        'c f i m n p r u C T U mount uts ipc net pid user cgroup time fork map-root-user map-current-user',
      withValue: 'R S G w root wd setuid setgid',
      startsShell: true,
      grants: true,
    },
  }),
)

export const shells: ReadonlySet<string> = new Set('sh bash dash ash zsh ksh mksh rbash rksh yash'.split(' '))

/** A shell's options; `o` and `O` name a setting in the next word. */
export const shellOptions: OptionNames = {
  alone:
    'a b c e f h i k l m n p r s t u v x B C E H P T login noediting noprofile norc posix restricted verbose version help',
  withValue: 'o O',
}
