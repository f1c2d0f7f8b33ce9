import type { Command } from '../command/command.js'

interface Watch {
  readonly what: string | RegExp
  seen(): void
  missed(error: Error): void
}

/** What a command has printed to its terminal so far, and somebody who watches it. */
export class Screen {
  /** A character for each byte. */
  text = ''
  private readonly watches = new Set<Watch>()
  private isOver = false

  constructor(private readonly command: Command) {
    command.stdout.on('data', (bytes: Uint8Array) => {
      this.text += Buffer.from(bytes).toString('latin1')
      this.look()
    })
    command.stdout.on('close', () => {
      this.isOver = true
      this.look()
    })
  }

  /** Resolves when it is there, rejects when the command ends without having shown it. */
  shows(what: string | RegExp): Promise<void> {
    return new Promise((seen, missed) => {
      this.watches.add({ what, seen, missed })
      this.look()
    })
  }

  type(keys: string | Uint8Array): void {
    this.command.stdin.write(keys)
  }

  private look(): void {
    for (const watch of this.watches) {
      const { what } = watch
      const isThere = typeof what === 'string' ? this.text.includes(what) : what.test(this.text)
      if (!isThere && !this.isOver) continue
      this.watches.delete(watch)
      if (isThere) watch.seen()
      else watch.missed(new Error(`${what} was not shown, but ${JSON.stringify(this.text.slice(-2000))}`))
    }
  }
}
