/** How long a chunk waits for another to overtake it. */
const patienceMs = 15

/** Lets what comes later over another connection go first, by pairs; within one connection nothing changes places. */
export class Overtaking {
  private waiting: { connection: object; release: () => void } | undefined
  /** How many chunks were overtaken. */
  count = 0

  async pass(connection: object, send: () => Promise<void>): Promise<void> {
    const earlier = this.waiting
    if (earlier && earlier.connection !== connection) {
      this.waiting = undefined
      this.count++
      await send()
      return earlier.release()
    }
    if (!earlier) await this.overtaken(connection)
    await send()
  }

  private overtaken(connection: object): Promise<void> {
    return new Promise((resolve) => {
      const mine = { connection, release: resolve }
      this.waiting = mine
      setTimeout(() => {
        if (this.waiting === mine) this.waiting = undefined
        resolve()
      }, patienceMs)
    })
  }
}
