import type { ContainersError } from '../errors/containers-error.js'
import type { SupervisorHello } from './messages.js'

/** What the owner of a connection is told; one of the two comes first, `lost` at most once. */
export interface ConnectionEvents {
  /** HELLO came, and a version in common was found. */
  ready(hello: SupervisorHello): void
  /** Its stream ended, though its commands may go on: call `resume`, or give it up. */
  interrupted(error: ContainersError): void
  /** It ended, for whatever reason; its commands have been told already. */
  lost(error: ContainersError): void
}
