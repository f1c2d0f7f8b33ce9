/** Watches for a command that prints nothing for so long, where no supervisor does. One timer, not one per chunk. */
export class IdleTimer {
  private heardAt = performance.now()
  private timer: NodeJS.Timeout | undefined

  /** `hasOutput` tells whether there is output that waits for its reader, which is no silence. */
  constructor(
    private readonly idleMs: number,
    private readonly hasOutput: () => boolean,
    private readonly onIdle: () => void,
  ) {
    this.wait(idleMs)
  }

  heard(): void {
    this.heardAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => this.check(), ms)
  }

  private check(): void {
    if (this.hasOutput()) this.heard()
    const left = this.heardAt + this.idleMs - performance.now()
    if (left > 0) this.wait(left)
    else this.onIdle()
  }
}
