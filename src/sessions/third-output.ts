import { partCount } from './wrapper.js'

/** What a wrapped command wrote to descriptor 3. */
export class ThirdOutput {
  /** What a session keeps, in all. */
  static readonly mostBytes = 512 * 1024
  private readonly pieces: Uint8Array[] = []
  private length = 0

  push(bytes: Uint8Array): void {
    this.length += bytes.length
    if (!this.isTooLong) this.pieces.push(bytes)
  }

  get isTooLong(): boolean {
    return this.length > ThirdOutput.mostBytes
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  /** The listing's parts, one character a byte; undefined when it was not written to its end. */
  parts(shell: 'bash' | 'sh'): string[] | undefined {
    const parts = Buffer.concat(this.pieces).toString('latin1').split('\0')
    const isWhole = parts.length > partCount[shell]
    return isWhole ? parts.slice(0, partCount[shell]) : undefined
  }
}
