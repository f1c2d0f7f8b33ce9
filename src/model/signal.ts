/** Linux signals by name, with their numbers on x86-64 and arm64. Source: signal(7). */
export const signalNumbers = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10,
  SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19,
  SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28,
  SIGIO: 29, SIGPWR: 30, SIGSYS: 31,
} as const // prettier-ignore

/** The name of a Linux signal, such as `'SIGTERM'`. */
export type SignalName = keyof typeof signalNumbers

const names = new Map<number, SignalName>(
  Object.entries(signalNumbers).map(([name, number]) => [number, name as SignalName]),
)

/** The name for a signal's number; `SIGRTMIN+n` for the real-time ones. */
export function signalName(number: number): SignalName | `SIGRTMIN+${number}` {
  return names.get(number) ?? `SIGRTMIN+${number - 34}`
}
