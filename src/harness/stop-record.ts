import type { StopEvidence } from '../model/classify-exit.js'
import type { ContainerStopRequest } from '../model/container-exit.js'
import type { SignalName } from '../model/signal.js'

interface Ask {
  readonly kind: ContainerStopRequest
  readonly signal: SignalName
  readonly atMs: number
  /** After which SIGKILL follows. */
  readonly graceMs: number
}

/** Signals that are sent to end something; the others are a conversation with the process. */
const ending: readonly SignalName[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT', 'SIGABRT']

/** What this harness has asked of one container since its last start. */
export class StopRecord {
  #asks: Ask[] = []

  /** Each of these returns a function that takes the word back, for a call that met nothing to end. */
  stop(signal: SignalName, graceMs: number): () => void {
    return this.#add({ kind: 'stop', signal, atMs: performance.now(), graceMs })
  }

  kill(signal: SignalName): () => void {
    return this.#add({ kind: 'kill', signal, atMs: performance.now(), graceMs: Infinity })
  }

  remove(): () => void {
    return this.#add({ kind: 'remove', signal: 'SIGKILL', atMs: performance.now(), graceMs: Infinity })
  }

  #add(ask: Ask): () => void {
    // A process that is signalled a thousand times has told all that matters in the last few.
    this.#asks = [...this.#asks.slice(-31), ask]
    return () => {
      this.#asks = this.#asks.filter((other) => other !== ask)
    }
  }

  /** Forgets what was asked before a new run began, by `performance.now()`. */
  dropBefore(atMs: number): void {
    this.#asks = this.#asks.filter((ask) => ask.atMs >= atMs)
  }

  /** What had been asked by now, and every signal that can have been sent for it. */
  evidence(): StopEvidence {
    const now = performance.now()
    const sent = this.#asks.flatMap((ask): SignalName[] =>
      now >= ask.atMs + ask.graceMs ? [ask.signal, 'SIGKILL'] : [ask.signal],
    )
    const meant = this.#asks.findLast((ask) => ask.kind !== 'kill' || ending.includes(ask.signal))
    return { requested: meant?.kind, sentSignals: [...new Set(sent)] }
  }
}

/** A removed container's record is still asked for by those who wait, so the oldest go, not the removed. */
const MAX_RECORDS = 10_000

/**
 * The records of one harness. A container can be asked for by its name and waited for by its id, so a record is
 * kept under what the caller said and found under all that inspect says.
 */
export class StopRecords {
  readonly #records = new Map<string, StopRecord>()

  of(reference: string): StopRecord {
    const record = this.#records.get(reference) ?? new StopRecord()
    this.#records.delete(reference)
    this.#records.set(reference, record)
    const [oldest] = this.#records.keys()
    if (this.#records.size > MAX_RECORDS && oldest !== undefined) this.#records.delete(oldest)
    return record
  }

  /** One evidence out of every record that is about this container. */
  evidence(references: readonly string[]): StopEvidence {
    const all = [...new Set(references)].flatMap((name) => this.#records.get(name)?.evidence() ?? [])
    return {
      requested: all.findLast(({ requested }) => requested !== undefined)?.requested,
      sentSignals: [...new Set(all.flatMap(({ sentSignals }) => sentSignals))],
    }
  }

  forget(reference: string): void {
    this.#records.delete(reference)
  }
}
