import { answerType } from './protocol.js'

const maxPreambleBytes = 16 * 1024
/** How every HELLO begins: type, no channel, no flags, no command. */
const helloStart = Buffer.from([answerType.hello, 0, 0, 0, 0, 0, 0, 0])

/**
 * Finds the supervisor's HELLO behind whatever was said in front of it: a banner, or the engine's own error text,
 * which arrives where the program's output should be.
 */
export class Preamble {
  private bytes: Buffer = Buffer.alloc(0)
  private found = false

  /** The bytes from HELLO on, once there are any; false when there were too many without one. */
  push(chunk: Buffer): Buffer | undefined | false {
    if (this.found) return chunk
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk])
    const at = this.bytes.indexOf(helloStart)
    if (at < 0) return this.bytes.length > maxPreambleBytes ? false : undefined
    const rest = this.bytes.subarray(at)
    this.bytes = this.bytes.subarray(0, at)
    this.found = true
    return rest
  }

  /** What came in front of HELLO, for people. */
  get text(): string {
    return this.bytes
      .subarray(0, this.bytes.length - this.begun())
      .toString('utf8')
      .trim()
      .slice(0, 2000)
  }

  /** How many of the last bytes may be the beginning of a HELLO that was cut. */
  private begun(): number {
    if (this.found) return 0
    for (let length = Math.min(helloStart.length - 1, this.bytes.length); length > 0; length--) {
      if (this.bytes.subarray(-length).equals(helloStart.subarray(0, length))) return length
    }
    return 0
  }
}
