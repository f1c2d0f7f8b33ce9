import { checkSecrets } from '../../command/check-secrets.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import { SafeEmitter, type EventSource } from '../../events/safe-emitter.js'
import type { SecretEvents } from '../../events/secret-events.js'
import type { SecretUse } from '../../model/secret-use.js'
import type { SecretStore } from '../../ports/secret-store.js'
import { DockerRunner, supervisedCapabilities } from '../docker-runner.js'
import { SupervisedRunner } from '../supervised-runner.js'
import { DeliveredSecrets } from './delivered-secrets.js'

/** Options of {@link SecretInjector}. */
export interface SecretInjectorOptions {
  /** Any harness, or anything else that has an engine. */
  harness: { readonly engine: ContainerEngine }
  secretStore: SecretStore
}

/** A container's name or id, or its handle. */
export type ContainerRef = string | { readonly id: string; readonly init?: string | undefined }

/** What `verifyDestroyed` found. */
export interface DestructionReport {
  /** Whether nothing lies there that belongs to no running command. */
  readonly clean: boolean
  /** The folders that were looked into. */
  readonly looked: readonly string[]
  /** What was found, the first eight of it. */
  readonly left: readonly string[]
  /** How many commands that run have secrets there. */
  readonly inUse: number
}

/** Says where they are, and waits. */
const hold = 'printf "%s\\n" "$ANYON_SECRETS_DIR"; exec cat >/dev/null'

/**
 * Brings secrets into a container by hand, for what no runner starts. Where a runner starts it, its option `secrets`
 * is the better way: what is printed is masked, and nothing is to be remembered.
 *
 * @example
 * ```ts
 * const injector = new SecretInjector({ harness, secretStore })
 * await using delivered = await injector.inject(container, [secretFile('token', 'github/ann')])
 * await container.exec(['deploy', `${delivered.dir}/token`])
 * ```
 */
export class SecretInjector implements EventSource<SecretEvents> {
  private readonly events = new SafeEmitter<SecretEvents>()

  constructor(private readonly options: SecretInjectorOptions) {}

  readonly on: EventSource<SecretEvents>['on'] = (event, listener) => this.events.on(event, listener)

  /**
   * They lie there, for `user` alone (default: the container's own), until they are destroyed, this process has ended
   * for as long as `orphanGraceMs`, or the container stops. Needs `sh` and `cat` in the container.
   *
   * @throws `INVALID_OPTION`, `SECRET_…`, and what keeps a command from being started there.
   */
  async inject(
    container: ContainerRef,
    secrets: readonly SecretUse[],
    { user, signal }: { user?: string; signal?: AbortSignal } = {},
  ): Promise<DeliveredSecrets> {
    const { harness, secretStore } = this.options
    checkSecrets({ secrets })
    const runner = new DockerRunner({
      harness,
      container,
      secretStore,
      ...(user !== undefined && { user }),
      onSecrets: ({ type, ...payload }) => this.events.emit(type, payload as SecretEvents[typeof type]),
    })
    try {
      const { environmentOf } = await import('./environment-of.js')
      const holder = runner.spawn(['sh', '-c', hold], { secrets, stdin: 'pipe', ...(signal && { signal }) })
      await holder.started
      let dir = ''
      for await (const line of holder.lines()) {
        dir = line
        break
      }
      const env = await environmentOf(secretStore, secrets, dir)
      return new DeliveredSecrets({ dir, env, holder, release: () => runner.close() })
    } catch (error) {
      await runner.close()
      throw error
    }
  }

  /** Looks again for what secrets have left in a container, at any time. */
  async verifyDestroyed(container: ContainerRef): Promise<DestructionReport> {
    const id = typeof container === 'string' ? container : container.id
    const { openContainer } = await import('../docker/open-container.js')
    const { engine } = this.options.harness
    const runner = new SupervisedRunner(
      (signal, mayShortcut) => openContainer(engine, id, { mayShortcut }, signal),
      supervisedCapabilities,
    )
    try {
      const { connection } = await runner.connected()
      const { looked, left, leftCount, usedCount } = await connection.surveySecrets()
      return { clean: leftCount === 0, looked, left, inUse: usedCount }
    } finally {
      await runner.close()
    }
  }
}
