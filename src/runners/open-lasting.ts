import { setTimeout as delay } from 'node:timers/promises'
import { whenHeard } from '../supervisor/when-heard.js'
import { openPlace, type ConnectedPlace } from './connect-place.js'
import type { OpenedPlace, StreamOpener } from './place.js'

/** A command that is over by then needs no other stream, and one that starts has the processors to itself. */
const firstPauseMs = 50
const longestPauseMs = 1_000

/**
 * While a connection goes over a shortcut, opens the stream that it is to go on over, as often as that fails. Resolves
 * when the supervisor has spoken there, with what opens that stream first and others after it; with undefined when the
 * connection is over, or has lost the shortcut and goes on over another stream already. Never rejects.
 */
export async function openLasting(
  { connection, place }: ConnectedPlace,
  open: StreamOpener,
  signal: AbortSignal,
): Promise<StreamOpener | undefined> {
  const { transport: shortcut } = place
  const isLeft = () => signal.aborted || !connection.isOpen || !connection.isOn(shortcut)
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    if (isLeft()) return undefined
    const lasting = await openHeard(open, signal).catch(() => undefined)
    if (!lasting) continue
    if (!isLeft()) return first(lasting, open)
    lasting.transport.destroy()
    return undefined
  }
}

async function openHeard(open: StreamOpener, signal: AbortSignal): Promise<OpenedPlace> {
  const place = await openPlace(open, signal)
  return { ...place, transport: await whenHeard(place.transport) }
}

function first(place: OpenedPlace, open: StreamOpener): StreamOpener {
  let next: OpenedPlace | undefined = place
  return (signal, mayShortcut) => {
    const opened = next
    next = undefined
    return opened ? Promise.resolve(opened) : open(signal, mayShortcut)
  }
}
