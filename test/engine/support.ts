import { randomBytes } from 'node:crypto'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { BUSYBOX_IMAGE, testLabels } from '../support/engine.js'

/** A name that nobody else has. */
export function freshName(prefix = 'engine-test'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/** A create request for busybox with nothing special, and what is given. */
export function createRequest(given: Partial<CreateRequest> = {}): CreateRequest {
  return {
    name: freshName(),
    image: BUSYBOX_IMAGE,
    command: ['sleep', '600'],
    env: {},
    labels: testLabels(),
    terminal: false,
    openStdin: false,
    engineInit: true,
    readOnlyRoot: false,
    mounts: [],
    ports: [],
    network: 'none',
    extraHosts: [],
    dns: [],
    capDrop: [],
    capAdd: [],
    noNewPrivileges: false,
    securityOptions: [],
    privileged: false,
    logMaxBytes: 1_000_000,
    logMaxFiles: 2,
    ulimits: [],
    ...given,
  }
}
