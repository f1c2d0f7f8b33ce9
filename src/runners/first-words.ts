const mostBytes = 4096

/** The beginning of what a program says on its stderr, for people; may be asked for at any time. */
export class FirstWords {
  private bytes: Buffer = Buffer.alloc(0)

  push(bytes: Uint8Array): void {
    if (this.bytes.length < mostBytes) this.bytes = Buffer.concat([this.bytes, bytes]).subarray(0, mostBytes)
  }

  get text(): string {
    return this.bytes.toString().trim()
  }
}
