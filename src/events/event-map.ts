import type { ContainersError } from '../errors/containers-error.js'
import type { ContainerExit } from '../model/container-exit.js'

/** Every event of a `DockerHarness`, with its payload. All are about what this harness did or met itself. */
export type HarnessEvents = {
  containerCreated: { readonly containerId: string; readonly name: string; readonly image: string }
  containerStarted: { readonly containerId: string }
  /** Seen by a wait of this harness: its own start, or a call of `wait`. */
  containerExited: { readonly containerId: string; readonly exit: ContainerExit }
  containerRemoved: { readonly containerId: string }
  /** The events stream of the engine was lost; it is being opened again. */
  engineLost: { readonly address: string; readonly error: ContainersError }
  /** It is back, after so many milliseconds. */
  engineBack: { readonly address: string; readonly lostMs: number }
  /** Something could not be removed; `containerId` still exists on the engine, as far as is known. */
  cleanupFailed: { readonly containerId: string; readonly error: unknown }
  /** A listener of one of these events threw. */
  listenerFailed: { readonly event: string; readonly error: unknown }
}
