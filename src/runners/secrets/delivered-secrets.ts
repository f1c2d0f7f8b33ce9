import type { Command } from '../../command/command.js'

/** Secrets that lie in a container until they are destroyed; ends with `await using`. */
export class DeliveredSecrets implements AsyncDisposable {
  private ending: Promise<{ readonly verified: boolean }> | undefined

  /** @internal */
  constructor(
    /** Their folder. */
    readonly dir: string,
    /**
     * The environment of commands that are to use them: where the folder and files are, and the values of those that
     * were asked for as variables. What such commands print is not masked by itself.
     */
    readonly env: Readonly<Record<string, string>>,
    private readonly holder: Command,
    private readonly release: () => Promise<void>,
  ) {}

  /** As `command.rotateSecret`. */
  rotate(name: string): Promise<void> {
    return this.holder.rotateSecret(name)
  }

  /** Empties, removes and looks for them. Idempotent. */
  destroy(): Promise<{ readonly verified: boolean }> {
    return (this.ending ??= this.end())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy()
  }

  private async end(): Promise<{ readonly verified: boolean }> {
    await this.holder.kill({ graceMs: 0 })
    const { secrets } = await this.holder.exit
    await this.release()
    return { verified: secrets?.verified ?? false }
  }
}
