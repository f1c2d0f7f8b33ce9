import type { Command } from '../command/command.js'
import type { WaitForPortOptions } from '../command/command-options.js'
import { commandEnded } from '../command/command-ended.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { StartBuiltin } from './builtin.js'
import { outcomeOf } from './outcome.js'
import { addressDigits } from './parse-address.js'

const defaultTimeoutMs = 30_000

/** Waits until something listens at a port of the place where `command` runs, or until the command has ended. */
export async function waitForPort(
  command: Pick<Command, 'argv' | 'exit'>,
  port: number,
  options: WaitForPortOptions,
  start: StartBuiltin,
): Promise<void> {
  const { host, timeoutMs = defaultTimeoutMs, signal } = options
  check('port', port, 65_535)
  check('timeoutMs', timeoutMs, 2 ** 31 - 1)
  const address = host === undefined ? 'any' : addressDigits(host)
  const waiter = start(['port-wait', String(port), address], { cwd: '/', timeoutMs, signal })
  const what = `Waiting for port ${port}${host === undefined ? '' : ` of ${host}`}`
  const ended = command.exit.then((exit) => {
    throw commandEnded(what, command.argv, exit)
  })
  try {
    await Promise.race([opened(waiter, what, timeoutMs, signal), ended])
  } finally {
    void waiter.kill({ graceMs: 0 })
  }
}

async function opened(
  waiter: Command,
  what: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if ((await waiter.exit).reason === 'timeout') {
    throw new ContainersError('DEADLINE_EXCEEDED', `${what}: nothing listened there within ${timeoutMs} ms.`)
  }
  const failure = await outcomeOf(waiter, what, signal)
  if (!failure) return
  const message = `${what}: ${failure.path} cannot be read (${failure.errno}).`
  throw new ContainersError('NOT_SUPPORTED', message, { details: { ...failure } })
}

function check(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  throw invalidOption(option, `must be a whole number from 1 to ${most}`, value)
}
