import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { CommandRunner } from '../command/command-runner.js'
import { ContainersError } from '../errors/containers-error.js'
import type { SecretEvent } from '../events/secret-events.js'
import { Secret } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'
import { secretFile } from '../secrets/secret-uses.js'

/** What a runner is made of for a case. */
export interface SecretCaseOptions {
  readonly secretStore: SecretStore
  readonly onSecrets: (event: SecretEvent) => void
}

/** One thing that every runner which can give secrets to commands does alike. Rejects when it does not. */
export interface SecretCase {
  readonly name: string
  run(open: (options: SecretCaseOptions) => CommandRunner): Promise<void>
}

export interface Scene {
  readonly runner: CommandRunner
  readonly events: SecretEvent[]
  readonly store: Store
}

export class Store implements SecretStore {
  readonly secrets = new Map<string, Secret>()
  get(name: string): Promise<Secret> {
    const secret = this.secrets.get(name)
    if (!secret) throw new ContainersError('SECRET_NOT_FOUND', `The secret "${name}" is not there.`)
    return Promise.resolve(secret)
  }
  set(name: string, value: string | Uint8Array, expiresInMs?: number): void {
    const expiresAt = expiresInMs === undefined ? {} : { expiresAt: new Date(Date.now() + expiresInMs) }
    this.secrets.set(name, new Secret(name, value, expiresAt))
  }
}

export const token = 'sesame-0pen-0123456789'
export const sh = (script: string) => ['sh', '-c', script]
export const use = secretFile('token', 'case/token')

export function secretCase(name: string, play: (scene: Scene) => Promise<void>): SecretCase {
  return {
    name,
    async run(open) {
      const store = new Store()
      store.set('case/token', token)
      const events: SecretEvent[] = []
      const runner = open({ secretStore: store, onSecrets: (event) => events.push(event) })
      try {
        await play({ runner, events, store })
        assert(!inspect(events, { depth: 9 }).includes(token))
      } finally {
        await runner.close()
      }
    },
  }
}
