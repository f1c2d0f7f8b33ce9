import { ContainersError } from '../errors/containers-error.js'

/** The error for a secret whose value breaks a rule. Names the secret and the rule, never the value. */
export function secretInvalid(name: string, rule: string, advice = ''): ContainersError {
  const message = `The secret "${name}" ${rule}.${advice && ` ${advice}`}`
  return new ContainersError('SECRET_INVALID', message, { details: { secret: name, rule } })
}
