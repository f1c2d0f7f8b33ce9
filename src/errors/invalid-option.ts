import { ContainersError } from './containers-error.js'

/** The error for an option that breaks a rule: names the option, the rule, the value and its type. */
export function invalidOption(option: string, rule: string, value: unknown, advice = ''): ContainersError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  const message = `${option} ${rule}, got ${shown} (${value === null ? 'null' : typeof value}).${advice && ` ${advice}`}`
  return new ContainersError('INVALID_OPTION', message, { details: { option, rule } })
}
