import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { abortedError, throwIfAborted } from '../internal/abort.js'
import { createDeferred } from '../internal/deferred.js'
import { onAbort } from '../internal/on-abort.js'
import type { ByteStream } from '../streaming/byte-stream.js'
import { LineSplitter } from '../streaming/line-splitter.js'
import type { Command } from './command.js'
import { commandEnded } from './command-ended.js'
import type { WaitForLogOptions } from './command-options.js'
import type { CommandOutputs } from './output-plan.js'

const defaultTimeoutMs = 30_000
const longestTimeoutMs = 2 ** 31 - 1

/** Waits for a line of output that matches, beside whoever reads it. */
export async function waitForLog(
  command: Pick<Command, 'argv' | 'exit'>,
  streams: CommandOutputs,
  pattern: string | RegExp,
  { stream, timeoutMs = defaultTimeoutMs, signal }: WaitForLogOptions,
): Promise<string> {
  const matches = matcher(pattern)
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > longestTimeoutMs) {
    throw invalidOption('timeoutMs', `must be a whole number from 1 to ${longestTimeoutMs}`, timeoutMs)
  }
  const looked = typeof pattern === 'string' ? `has ${JSON.stringify(pattern)}` : `matches ${String(pattern)}`
  const what = `Waiting for output that ${looked}`
  throwIfAborted(what, signal)
  const found = createDeferred<string>()
  const taps = (stream ? [stream] : (['stdout', 'stderr'] as const)).map((name) =>
    tapLines(streams[name], streams.maxLineBytes, (text) => void (matches(text) && found.resolve(text))),
  )
  const late = () =>
    found.reject(
      new ContainersError('DEADLINE_EXCEEDED', `${what}: no such line came within ${timeoutMs} ms.`),
    )
  const timer = setTimeout(late, timeoutMs)
  const takeBack = onAbort(signal, () => signal && found.reject(abortedError(what, signal)))
  void command.exit.then((exit) => {
    for (const tap of taps) tap.end()
    found.reject(commandEnded(what, command.argv, exit))
  })
  try {
    return await found.promise
  } finally {
    clearTimeout(timer)
    takeBack()
    for (const tap of taps) tap.close()
  }
}

function matcher(pattern: unknown): (text: string) => boolean {
  if (typeof pattern === 'string' && pattern !== '') return (text) => text.includes(pattern)
  if (!(pattern instanceof RegExp)) {
    throw invalidOption('pattern', 'must be a regular expression, or text that is not empty', pattern)
  }
  // Without the flags that would make a pattern remember where it was.
  const memoryless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
  return (text) => memoryless.test(text)
}

/** Calls back with every line; `end` with what has no line end yet. */
function tapLines(
  stream: ByteStream,
  maxLineBytes: number | undefined,
  onLine: (text: string) => void,
): { end(): void; close(): void } {
  const splitter = new LineSplitter(maxLineBytes === undefined ? {} : { maxLineBytes })
  const drain = () => {
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) onLine(line.text)
  }
  const close = stream.tap((bytes) => {
    splitter.push(bytes)
    drain()
  })
  const end = () => {
    close()
    splitter.end()
    drain()
  }
  return { end, close }
}
