import { ContainersError } from '../errors/containers-error.js'
import type { ConnectedPlace } from './connect-place.js'

/**
 * Gives the supervisor signs of life, and finds connections that are dead without having ended, as behind a network
 * that drops them silently. Gives up only what was silent for two intervals, where commands run and the place itself
 * has no reason to be silent, as when it is paused.
 */
export function watchHeartbeat({ connection, place }: ConnectedPlace, intervalMs: number): void {
  let silent = 0
  const timer = setInterval(() => {
    if (connection.isOver) return clearInterval(timer)
    if (!connection.isOpen) return void (silent = 0)
    silent = connection.takeHeard() || !connection.isBusy ? 0 : silent + 1
    if (silent < 2) connection.ping()
    else void giveUp()
  }, intervalMs).unref()

  const giveUp = async () => {
    const mayBeSilent = await place.mayBeSilent().catch(() => false)
    if (mayBeSilent || connection.takeHeard()) return
    const message = `The supervisor gave no sign of life for ${2 * intervalMs} ms.`
    connection.interrupt(new ContainersError('CONNECTION_LOST', message))
  }
}
