import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { pause } from '../internal/abort.js'
import type { Message, MessageStore } from '../ports/message-store.js'
import type { ByteStream } from '../streaming/byte-stream.js'
import type { CommandExit } from './command-exit.js'
import { RecordingQueue } from './recording-queue.js'

/** Options of {@link Command.recordTo}. */
export interface RecordOptions {
  /** Bytes that may wait for a slow store. What does not fit is left out of the recording. Default: 16 MiB. */
  maxWaitingBytes?: number
  /** How often an append is tried, as it is idempotent; 100 ms apart at first, then twice as long. Default: 3. */
  attempts?: number
}

/** What was recorded. */
export interface RecordingReport {
  /** Bytes that the store has taken. */
  readonly recordedBytes: number
  /** Bytes that were left out because the store was too slow; offsets in the store jump there. */
  readonly droppedBytes: number
}

/** A recording under way. */
export interface Recording {
  /**
   * Resolves when the store has all of it and the end. Rejects with `RECORDING_FAILED` when the store failed: nothing
   * more is recorded then, and the command and its readers notice nothing. May be left alone.
   */
  readonly finished: Promise<RecordingReport>
  /** Records nothing more, and no end; `finished` resolves when what was waiting is stored. */
  stop(): void
}

const largestMessageBytes = 64 * 1024
const firstPauseMs = 100

/** Copies a command's output into a store. */
export function record(
  commandId: string,
  streams: { readonly stdout: ByteStream; readonly stderr: ByteStream },
  exit: Promise<CommandExit>,
  store: MessageStore,
  options: RecordOptions,
): Recording {
  const { maxWaitingBytes = 16 * 1024 * 1024, attempts = 3 } = options
  check('maxWaitingBytes', maxWaitingBytes)
  check('attempts', attempts)
  const queue = new RecordingQueue(commandId, { maxWaitingBytes, largestMessageBytes })
  const untap = (['stdout', 'stderr'] as const).map((stream) =>
    streams[stream].tap((bytes, offset) => queue.add(stream, bytes, offset)),
  )
  const stop = (): void => {
    for (const end of untap) end()
    queue.close()
  }
  // The streams have been fed to their end when the exit is known.
  void exit.then((exit) => {
    queue.end({ ...exit })
    stop()
  })
  const finished = storeAll(queue, store, attempts).finally(stop)
  finished.catch(() => {})
  return { finished, stop }
}

async function storeAll(
  queue: RecordingQueue,
  store: MessageStore,
  attempts: number,
): Promise<RecordingReport> {
  let recordedBytes = 0
  for (let message = await queue.next(); message !== undefined; message = await queue.next()) {
    await append(store, message, attempts)
    if (message.type === 'output') recordedBytes += message.bytes.length
  }
  return { recordedBytes, droppedBytes: queue.droppedBytes }
}

async function append(store: MessageStore, message: Message, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.append(message)
    } catch (cause) {
      if (attempt < attempts) {
        await pause(firstPauseMs * 2 ** (attempt - 1), 'Recording')
        continue
      }
      const what = `The output of command ${message.commandId} is recorded no longer`
      throw new ContainersError('RECORDING_FAILED', `${what}: its store failed ${attempts} times in a row.`, {
        cause,
        details: { commandId: message.commandId },
      })
    }
  }
}

function check(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return
  throw invalidOption(option, 'must be a whole number from 1', value)
}
