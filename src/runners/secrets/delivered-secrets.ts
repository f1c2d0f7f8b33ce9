import type { Command } from '../../command/command.js'
import type { SecretsEnd } from '../../model/secrets-end.js'

/** What {@link DeliveredSecrets} are made of. */
export interface Delivery {
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  /** The command that they are the secrets of. */
  readonly holder: Command
  release(): Promise<void>
}

/** Secrets that lie in a container until they are destroyed; ends with `await using`. Printed, it shows no value. */
export class DeliveredSecrets implements AsyncDisposable {
  /** Their folder. */
  readonly dir: string
  readonly #delivery: Delivery
  #ending: Promise<SecretsEnd> | undefined

  /** @internal */
  constructor(delivery: Delivery) {
    this.dir = delivery.dir
    this.#delivery = delivery
  }

  /**
   * The environment of commands that are to use them: where the folder and files are, and the values of those that
   * were asked for as variables. What such commands print is not masked by itself.
   */
  get env(): Readonly<Record<string, string>> {
    return this.#delivery.env
  }

  /** As `command.rotateSecret`. */
  rotate(name: string): Promise<void> {
    return this.#delivery.holder.rotateSecret(name)
  }

  /** Empties, removes and looks for them. Idempotent. */
  destroy(): Promise<SecretsEnd> {
    return (this.#ending ??= this.#end())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy()
  }

  async #end(): Promise<SecretsEnd> {
    const { holder, release } = this.#delivery
    await holder.kill({ graceMs: 0 })
    const { secrets } = await holder.exit
    await release()
    return secrets ?? { verified: false }
  }
}
