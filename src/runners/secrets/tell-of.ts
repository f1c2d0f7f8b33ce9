import type { SecretEvent } from '../../events/secret-events.js'

/** The listener of a runner's options, which cannot harm the command that it is told of. */
export function tellOf(onSecrets: ((event: SecretEvent) => void) | undefined): (event: SecretEvent) => void {
  return (event) => {
    try {
      onSecrets?.(event)
    } catch {
      // Said in the options.
    }
  }
}
