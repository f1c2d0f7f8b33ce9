import { abortedError } from '../internal/abort.js'
import type { HarnessEvent } from '../events/engine-occurrence.js'
import type { EventQueue } from '../events/event-queue.js'
import type { EventFeed } from './event-feed.js'
import * as check from './check-option.js'

/** Options of `harness.events`. */
export interface EventsOptions {
  /** Ends the iteration; it then throws `ABORTED`. Leaving the loop ends it too. */
  signal?: AbortSignal
  /** Only events of these types, such as `['container']`. Gaps are always told. Default: all. */
  types?: readonly string[]
  /** Only events of containers with this id or name. Gaps are always told. */
  container?: string
  /** Events of those asked for that may wait for the reader; the rest is counted in a gap. Default: 4,096. */
  maxQueued?: number
}

const checkOptions = check.shape({
  signal: check.anything,
  types: check.listOf(check.text('must not be empty', (text) => text !== '')),
  container: check.text('must not be empty', (text) => text !== ''),
  maxQueued: check.integer(1, 10_000_000),
})

/** An iteration over the feed. The subscription begins at once, not with the first step. */
export function watchEvents(
  openFeed: () => Promise<EventFeed>,
  options: EventsOptions,
  closing: AbortSignal,
): AsyncIterableIterator<HarnessEvent> {
  checkOptions('events', options)
  const { signal, types, container, maxQueued = 4_096 } = options
  const isWanted = (event: HarnessEvent): boolean =>
    event.kind === 'gap' ||
    ((!types || types.includes(event.type)) &&
      (container === undefined || event.id.startsWith(container) || event.name === container))
  const subscribed = openFeed().then((feed) => feed.subscribe(maxQueued, isWanted, closing))
  subscribed.catch(() => {}) // told by the first step
  const onAbort = (): void => {
    if (!signal) return
    const end = (queue: EventQueue): void => queue.end(abortedError('Reading events', signal))
    subscribed.then(end, () => {}) // a failed subscription is told by the first step
  }
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const done = (): void => signal?.removeEventListener('abort', onAbort)

  return {
    async next() {
      const queue = await subscribed.catch((error: unknown) => {
        if (!closing.aborted) throw error
      })
      if (!queue) return { done: true, value: undefined }
      const result = await queue.next()
      if (result.done) done()
      return result
    },
    async return() {
      done()
      return subscribed.then(
        (queue) => queue.return(),
        () => ({ done: true, value: undefined }),
      )
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
