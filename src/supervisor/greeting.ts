import { headerBytes, maxAnswerBytes } from './protocol.js'
import { Preamble } from './preamble.js'
import { protocolError } from './protocol-error.js'

/** The first frames on a new stream, which are not part of what a session counts. */
export class Greeting {
  private preamble: Preamble | undefined = new Preamble()
  private bytes: Buffer = Buffer.alloc(0)

  /** `onFrame` says whether another frame of the greeting is to come; a payload is valid during the call only. */
  constructor(private readonly onFrame: (type: number, payload: Buffer) => boolean) {}

  /** What follows the greeting, once it is complete. Throws `SUPERVISOR_PROTOCOL`. */
  push(chunk: Buffer): Buffer | undefined {
    const found = this.preamble ? this.afterPreamble(this.preamble, chunk) : chunk
    if (!found) return undefined
    this.bytes = this.bytes.length === 0 ? found : Buffer.concat([this.bytes, found])
    while (this.bytes.length >= headerBytes) {
      const length = this.bytes.readUInt32LE(8)
      if (length > maxAnswerBytes) throw protocolError(`a frame of ${length} bytes`)
      if (this.bytes.length < headerBytes + length) return undefined
      const [type = 0] = this.bytes
      const payload = this.bytes.subarray(headerBytes, headerBytes + length)
      this.bytes = this.bytes.subarray(headerBytes + length)
      if (!this.onFrame(type, payload)) return this.bytes
    }
    return undefined
  }

  /** What was said in front of HELLO, for people. */
  get said(): string {
    return this.preamble?.text ?? ''
  }

  /** Whether it has stopped inside a frame. */
  get isTorn(): boolean {
    return this.bytes.length > 0
  }

  private afterPreamble(preamble: Preamble, chunk: Buffer): Buffer | undefined {
    const rest = preamble.push(chunk)
    if (rest === false) throw protocolError(`it did not say HELLO but ${JSON.stringify(preamble.text)}`)
    if (rest !== undefined) this.preamble = undefined
    return rest
  }
}
