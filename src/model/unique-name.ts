import { crypto } from '../internal/builtins.js'
import { invalidOption } from '../errors/invalid-option.js'

/** What engines accept as a container's name. */
export const containerNamePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/

/**
 * A container name that no other call of this function gives, in any process: the prefix, a dash, and 20 characters
 * of time and chance. Two tries at the same thing never collide.
 *
 * @param prefix - Letters, digits, `_`, `.` and `-`, beginning with a letter or digit; at most 100 characters.
 * @throws `INVALID_OPTION`
 */
export function uniqueName(prefix = 'anyon'): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/.test(prefix)) {
    throw invalidOption(
      'prefix',
      'must begin with a letter or digit and have only letters, digits, _ . -',
      prefix,
    )
  }
  return `${prefix}-${Date.now().toString(36)}${crypto().randomBytes(6).toString('hex')}`
}
