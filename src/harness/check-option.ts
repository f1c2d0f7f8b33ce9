import { invalidOption } from '../errors/invalid-option.js'

type Check = (option: string, value: unknown) => void

const fail = (option: string, rule: string, value: unknown): never => {
  throw invalidOption(option, rule, value)
}

export const text =
  (rule: string, holds: (value: string) => boolean): Check =>
  (option, value) => {
    if (typeof value !== 'string' || !holds(value)) fail(option, rule, value)
  }

export const matching = (pattern: RegExp, rule: string): Check => text(rule, (value) => pattern.test(value))

export const oneOf = (...allowed: string[]): Check =>
  text(`must be ${allowed.map((each) => `'${each}'`).join(', ')}`, (value) => allowed.includes(value))

export const integer =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (option, value) => {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      fail(option, `must be an integer of ${least} to ${most}`, value)
    }
  }

export const decimal =
  (least: number, most: number): Check =>
  (option, value) => {
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      fail(option, `must be a number of ${least} to ${most}`, value)
    }
  }

export const flag: Check = (option, value) => {
  if (typeof value !== 'boolean') fail(option, 'must be true or false', value)
}

export const absolutePath: Check = matching(/^\/[^\0]*$/, 'must be an absolute path')

export const listOf =
  (each: Check, least = 0): Check =>
  (option, value) => {
    if (!Array.isArray(value)) return fail(option, 'must be an array', value)
    if (value.length < least) fail(option, `must have at least ${least} element`, '[]')
    value.forEach((element, index) => each(`${option}[${index}]`, element))
  }

export const recordOf =
  (name: Check, each: Check): Check =>
  (option, value) => {
    if (!isRecord(value)) return fail(option, 'must be an object', value)
    for (const [key, element] of Object.entries(value)) {
      name(`A name in ${option}`, key)
      each(`${option}.${key}`, element)
    }
  }

/** An object with these properties and no others; those left out, or undefined, are not looked at. */
export const shape =
  (checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (option, value) => {
    if (!isRecord(value)) return fail(option, 'must be an object', value)
    for (const key of required) {
      if (value[key] === undefined) fail(`${option}.${key}`, 'must be given', undefined)
    }
    for (const [key, element] of Object.entries(value)) {
      const check = checks[key]
      if (!check) {
        throw invalidOption(
          `${option}.${key}`,
          'is not an option',
          element,
          `Known: ${Object.keys(checks).join(', ')}.`,
        )
      }
      if (element !== undefined) check(`${option}.${key}`, element)
    }
  }

/** Values such as secrets and tokens must never be shown in the message. */
export const unshown =
  (check: Check): Check =>
  (option, value) => {
    try {
      check(option, value)
    } catch {
      fail(option, 'must be a string without a NUL byte', typeof value === 'string' ? '(not shown)' : value)
    }
  }

export const anything: Check = () => {}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
