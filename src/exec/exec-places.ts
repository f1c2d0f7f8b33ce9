import type { ContainerEngine } from '../engine/container-engine.js'
import { Semaphore } from '../internal/semaphore.js'

/** The engine starts one exec at a time in a container; more at once only wait longer, each near its own deadline. */
const STARTS_AT_ONCE = 6

const places = new WeakMap<ContainerEngine, Map<string, { semaphore: Semaphore; holders: number }>>()

/** Waits for a turn to start an exec in the container; resolves with the function that ends the turn. */
export async function takeStartPlace(
  engine: ContainerEngine,
  containerId: string,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  const ofEngine = places.get(engine) ?? new Map<string, { semaphore: Semaphore; holders: number }>()
  places.set(engine, ofEngine)
  const place = ofEngine.get(containerId) ?? { semaphore: new Semaphore(STARTS_AT_ONCE), holders: 0 }
  ofEngine.set(containerId, place)
  place.holders++
  const forget = (): void => {
    if (--place.holders === 0) ofEngine.delete(containerId)
  }
  try {
    const release = await place.semaphore.acquire('Waiting to start an exec', signal)
    let held = true
    return () => {
      if (!held) return
      held = false
      release()
      forget()
    }
  } catch (error) {
    forget()
    throw error
  }
}
