import { ContainersError } from '../../errors/containers-error.js'
import { invalidOption } from '../../errors/invalid-option.js'
import type { SecretEvent } from '../../events/secret-events.js'
import { errnoName } from '../../model/errno.js'
import type { Secret } from '../../model/secret.js'
import { secretsOf, type SecretUse } from '../../model/secret-use.js'
import type { SecretsEnd } from '../../model/secrets-end.js'
import type { SecretStore } from '../../ports/secret-store.js'
import { assertUnexpired, readSecrets } from '../../secrets/read-secrets.js'
import type { SecretRecord } from '../../supervisor/secret-frames.js'
import { notInDetached } from './not-in-detached.js'
import { OutputMask } from './output-mask.js'
import { revealSecrets, type RevealedSecrets } from './reveal-secrets.js'
import { heldIn } from './secret-note.js'

/** What a command's secrets need of where it runs. */
export interface SecretsContext {
  readonly store: SecretStore
  readonly uses: readonly SecretUse[]
  readonly env: Readonly<Record<string, string>>
  readonly runId: string
  /** Others may read what it prints later on, when the store may have other values. */
  readonly detached: boolean
  tell(event: SecretEvent): void
}

/** Hands a secret to a running command; an errno of 0 is success, undefined when the command has ended. */
type Replace = (record: SecretRecord) => Promise<number | undefined>

/** The secrets of one command, from the store to the word of their destruction. */
export class GivenSecrets {
  readonly names: readonly string[]
  readonly mask = new OutputMask()
  private holds: RevealedSecrets['holds'] = []
  private files: readonly string[] = []

  private constructor(
    private readonly context: SecretsContext,
    private secrets: ReadonlyMap<string, Secret>,
  ) {
    this.names = [...secrets.keys()]
  }

  static async read(context: SecretsContext, signal: AbortSignal): Promise<GivenSecrets> {
    const names = context.uses.flatMap(secretsOf)
    // Whether they have expired is looked at, and told, below.
    const given = new GivenSecrets(
      context,
      await readSecrets(context.store, names, { signal, mayBeExpired: true }),
    )
    given.assertUnexpired()
    return given
  }

  /** What is to be sent; it is to be forgotten afterwards. */
  handOver(): RevealedSecrets {
    const { uses, env, detached } = this.context
    // They may have waited for their place since the store was asked.
    this.assertUnexpired()
    const revealed = revealSecrets(uses, this.secrets, { env, patterns: this.mask.patterns, noted: detached })
    this.holds = revealed.holds
    this.files = revealed.files.map(({ name }) => name)
    return revealed
  }

  delivered(): void {
    this.tell({ type: 'delivered', secrets: this.names })
  }

  /** Undefined where none had been delivered. */
  destroyed(end: SecretsEnd | undefined): void {
    if (end) this.tell({ type: 'destroyed', secrets: this.names, ...end })
  }

  /** By the place of their files among those that were sent. */
  expired(bits: bigint): void {
    this.tell({ type: 'expired', secrets: heldIn(this.holds, bits) })
  }

  /** Asks the store for a secret anew and replaces each file that holds it. */
  async rotate(name: string, replace: Replace): Promise<void> {
    if (!this.secrets.has(name)) throw invalidOption('name', 'must be a secret of this command', name)
    if (this.context.detached) throw notInDetached(name)
    if (!this.holds.some((names) => names.includes(name))) {
      throw new ContainersError(
        'NOT_SUPPORTED',
        `The secret "${name}" is in the environment of a command that runs, which cannot be changed. Give it as a file.`,
        { details: { secret: name } },
      )
    }
    const fresh = await readSecrets(this.context.store, [name])
    this.secrets = new Map([...this.secrets, ...fresh])
    const { uses, env } = this.context
    const { files } = revealSecrets(uses, this.secrets, { env, patterns: this.mask.patterns })
    for (const [index, file] of files.entries()) {
      if (!this.holds[index]?.includes(name)) continue
      const errno = this.files[index] === file.name ? await replace(file) : undefined
      if (errno !== 0) throw notRotated(name, errno)
    }
    this.tell({ type: 'rotated', secrets: [name] })
  }

  private assertUnexpired(): void {
    for (const secret of this.secrets.values()) {
      if (secret.isExpired()) this.tell({ type: 'expired', secrets: [secret.name] })
      assertUnexpired(secret)
    }
  }

  private tell(event: DistributiveOmit<SecretEvent, 'runId'>): void {
    this.context.tell({ ...event, runId: this.context.runId } as SecretEvent)
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

function notRotated(name: string, errno: number | undefined): ContainersError {
  const why = errno === undefined ? 'the command has ended' : errnoName(errno)
  return new ContainersError(
    'SECRET_DELIVERY_FAILED',
    `The secret "${name}" could not be replaced: ${why}.`,
    {
      details: { secret: name },
    },
  )
}
