import { ForwardingRunner } from '../../src/command/forwarding-runner.js'

/** One runner for many cases, each of which would close it. */
export class SharedRunner extends ForwardingRunner {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}
