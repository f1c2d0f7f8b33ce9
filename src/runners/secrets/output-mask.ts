import type { ByteStream } from '../../streaming/byte-stream.js'
import { RedactionPatterns } from '../../streaming/redact-patterns.js'
import { redactText } from '../../streaming/redact-text.js'
import { stderrChannel, stdoutChannel, type OutputChannel } from '../../supervisor/protocol.js'
import { MaskedOutput } from './masked-output.js'

/** Looks for secrets in what a command prints, and in what is said of it. */
export class OutputMask {
  readonly patterns = new RedactionPatterns()
  private readonly outputs = new Map<OutputChannel, MaskedOutput>()

  /** Where its output goes from now on. `grant`: so much of what came was read. */
  into(
    [stdout, stderr]: readonly [ByteStream, ByteStream],
    grant: (channel: OutputChannel, bytes: number) => void,
  ): void {
    for (const [channel, stream] of [[stdoutChannel, stdout] as const, [stderrChannel, stderr] as const]) {
      this.outputs.set(channel, new MaskedOutput(this.patterns, stream, (bytes) => grant(channel, bytes)))
    }
  }

  output(channel: OutputChannel): MaskedOutput | undefined {
    return this.outputs.get(channel)
  }

  /** No more comes. What is held back of an output that has not ended may be the beginning of a secret. */
  close(): void {
    for (const output of this.outputs.values()) output.cut()
  }

  text(text: string): string {
    return redactText(text, this.patterns)
  }
}
