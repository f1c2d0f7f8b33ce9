import { randomBytes } from 'node:crypto'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { BUSYBOX_IMAGE, testLabels } from './engine.js'

/** What a create request says of everything that is not asked for. */
export const nothingAsked = {
  env: {},
  terminal: false,
  openStdin: false,
  stdinOnce: false,
  engineInit: true,
  readOnlyRoot: false,
  mounts: [],
  ports: [],
  extraHosts: [],
  dns: [],
  capDrop: [],
  capAdd: [],
  noNewPrivileges: false,
  securityOptions: [],
  privileged: false,
  ulimits: [],
} satisfies Partial<CreateRequest>

/** A name that nobody else has. */
export function freshName(prefix = 'engine-test'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/** A create request for a busybox that sleeps, with nothing special, and what is given. */
export function createRequest(given: Partial<CreateRequest> = {}): CreateRequest {
  return {
    ...nothingAsked,
    name: freshName(),
    image: BUSYBOX_IMAGE,
    command: ['sleep', '600'],
    network: 'none',
    logDriver: 'json-file',
    logMaxBytes: 10_000_000,
    logMaxFiles: 3,
    ...given,
    labels: { ...testLabels(), ...given.labels },
  }
}
