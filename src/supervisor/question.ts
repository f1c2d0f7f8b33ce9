import type { ContainersError } from '../errors/containers-error.js'
import { createDeferred } from '../internal/deferred.js'
import { protocolError } from './protocol-error.js'

/** Whoever a number on a connection stands for. */
export interface NumberOwner {
  /** A frame for it; true when it was the last. */
  frame(type: number, channel: number, payload: Buffer): boolean
  data(channel: number, bytes: Buffer): void
  /** The connection is over. */
  lost(error: ContainersError): void
}

/** Something that is asked under a number, and what was answered. */
export class Question<T> implements NumberOwner {
  private readonly deferred = createDeferred<T>()

  /** `take` is given each payload of the type that answers, until it gives the answer. */
  constructor(
    private readonly type: number,
    private readonly take: (payload: Buffer) => { readonly answer: T } | undefined,
  ) {}

  get answer(): Promise<T> {
    return this.deferred.promise
  }

  frame(type: number, _channel: number, payload: Buffer): boolean {
    if (type !== this.type)
      throw protocolError(`0x${type.toString(16)} where 0x${this.type.toString(16)} answers`)
    const taken = this.take(payload)
    if (taken) this.deferred.resolve(taken.answer)
    return taken !== undefined
  }

  data(): void {
    throw protocolError('output for a question')
  }

  lost(error: ContainersError): void {
    this.deferred.reject(error)
  }
}
