import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import { onAbort } from '../../internal/on-abort.js'
import type { CallOptions } from '../container-engine.js'
import type { Modem } from './modem.js'
import { describeSubject, type Subject } from './subject.js'
import { toEngineError } from './to-engine-error.js'

/** How long an ordinary call may take, and how long a stream's headers may be waited for. */
export const defaultDeadlineMs = 30_000

const longestTimerMs = 2 ** 31 - 1

type Call<T> = (abortSignal: AbortSignal) => Promise<T>

/** Runs every call to one engine: its deadline, its signal, and our errors. */
export class Calls {
  #closed = false

  constructor(
    readonly docker: Docker,
    readonly modem: Modem,
    readonly address: string,
  ) {}

  /** A call that ends by itself: the deadline covers all of it. */
  async unary<T>(
    subject: Subject,
    options: CallOptions | undefined,
    call: Call<T>,
    deadlineMs = defaultDeadlineMs,
  ): Promise<T> {
    const scope = new CallScope(subject, options?.signal, options?.deadlineMs ?? deadlineMs)
    try {
      if (this.#closed) throw closedError(subject)
      scope.abortSignal.throwIfAborted()
      return await call(scope.abortSignal)
    } catch (error) {
      throw this.error(scope.reason ?? error, subject)
    } finally {
      scope.end()
    }
  }

  /** A call that gives a stream: the deadline covers its headers, the signal all of its life. */
  async stream<T extends Readable | Duplex>(
    subject: Subject,
    options: CallOptions | undefined,
    call: Call<T>,
    deadlineMs = defaultDeadlineMs,
  ): Promise<T> {
    const stream = await this.unary(subject, options, call, deadlineMs)
    const signal = options?.signal
    if (signal === undefined) return stream
    stream.once(
      'close',
      onAbort(signal, () => void stream.destroy(abortedError(subject, signal))),
    )
    return stream
  }

  /** One of our errors for whatever happened during a call. */
  error(error: unknown, subject: Subject): ContainersError {
    if (this.#closed && !isContainersError(error, 'ABORTED')) return closedError(subject)
    return toEngineError(error, subject, this.address)
  }

  close(): void {
    this.#closed = true
    this.modem.connector.destroy()
  }
}

/** What may end a call before its answer does. `reason` says which, whatever error that then leads to. */
class CallScope {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #forget: () => void

  constructor(subject: Subject, signal: AbortSignal | undefined, deadlineMs: number) {
    this.#forget = onAbort(signal, () => this.#controller.abort(abortedError(subject, signal)))
    // A longer one would fire at once.
    if (deadlineMs > longestTimerMs) return
    this.#timer = setTimeout(() => this.#controller.abort(deadlineError(subject, deadlineMs)), deadlineMs)
  }

  get abortSignal(): AbortSignal {
    return this.#controller.signal
  }

  get reason(): unknown {
    return this.#controller.signal.aborted ? this.#controller.signal.reason : undefined
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#forget()
  }
}

function abortedError(subject: Subject, signal: AbortSignal | undefined): ContainersError {
  const what = `${subject.action} ${describeSubject(subject)}`
  return new ContainersError('ABORTED', `The call to ${what} was aborted by its signal.`, {
    cause: signal?.reason,
  })
}

function deadlineError(subject: Subject, deadlineMs: number): ContainersError {
  const what = `${subject.action} ${describeSubject(subject)}`
  return new ContainersError('DEADLINE_EXCEEDED', `The engine did not ${what} within ${deadlineMs} ms.`, {
    details: { deadlineMs },
  })
}

function closedError(subject: Subject): ContainersError {
  const what = `${subject.action} ${describeSubject(subject)}`
  return new ContainersError('CLOSED', `Cannot ${what}: the connection to the engine was closed.`)
}
