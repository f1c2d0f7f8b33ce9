import { ContainersError } from '../errors/containers-error.js'
import type { ConnectedPlace } from './connect-place.js'

/**
 * Finds connections that are dead without having ended, as behind a network that drops them silently. Asks only where
 * nothing was heard, and gives up only where the place itself has no reason to be silent, as when it is paused.
 */
export function watchHeartbeat({ connection, place }: ConnectedPlace, intervalMs: number): void {
  let asked = false
  const timer = setInterval(() => {
    if (connection.isOver) return clearInterval(timer)
    if (!connection.isOpen) return void (asked = false)
    const heard = connection.takeHeard()
    if (heard || !connection.isBusy) asked = false
    else if (!asked) {
      asked = true
      connection.ping()
    } else void giveUp()
  }, intervalMs).unref()

  const giveUp = async () => {
    const mayBeSilent = await place.mayBeSilent().catch(() => false)
    if (mayBeSilent || connection.takeHeard()) return
    const message = `The supervisor gave no sign of life for ${2 * intervalMs} ms.`
    connection.interrupt(new ContainersError('CONNECTION_LOST', message))
  }
}
