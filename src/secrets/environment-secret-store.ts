import { invalidOption } from '../errors/invalid-option.js'
import { throwIfAborted } from '../internal/abort.js'
import { checkSecretName, Secret } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'
import { secretNotFound } from './store-error.js'

/** Options of {@link EnvironmentSecretStore}; at least one of `prefix` and `variables` is needed. */
export interface EnvironmentSecretStoreOptions {
  /** The environment to read, usually `process.env`. It is read at each `get`: what is assigned later is seen. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /**
   * With `'SECRET_'`, the secret `github/ann` is the variable `SECRET_GITHUB_ANN`. Such names have lowercase letters,
   * digits and `/` only, so that no two of them can mean one variable.
   */
  readonly prefix?: string
  /** The variable of a secret, by the secret's name; goes before `prefix`. */
  readonly variables?: Readonly<Record<string, string>>
}

const variableShape = /^[A-Za-z_][A-Za-z0-9_]*$/
const plainName = /^[a-z0-9/]+$/

/**
 * Secrets from environment variables: text only. Nothing beside the variables named by the options can be had.
 *
 * @example
 * ```ts
 * new EnvironmentSecretStore({ environment: process.env, variables: { 'claude/ann': 'CLAUDE_TOKEN' } })
 * ```
 */
export class EnvironmentSecretStore implements SecretStore {
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #prefix: string | undefined
  readonly #variables: ReadonlyMap<string, string>

  /** Throws `INVALID_OPTION`. */
  constructor({ environment, prefix, variables }: EnvironmentSecretStoreOptions) {
    if (typeof environment !== 'object' || environment === null) {
      throw invalidOption('environment', 'must be an object such as process.env', typeof environment)
    }
    if (prefix === undefined && variables === undefined) {
      throw invalidOption('prefix', 'or variables must say which variables are secrets', prefix)
    }
    if (prefix !== undefined) checkVariable('prefix', prefix)
    for (const [name, variable] of Object.entries(variables ?? {})) {
      checkSecretName(name, 'a name in variables')
      checkVariable(`variables["${name}"]`, variable)
    }
    this.#environment = environment
    this.#prefix = prefix
    this.#variables = new Map(Object.entries(variables ?? {}))
  }

  async get(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Secret> {
    throwIfAborted(`Reading the secret "${name}"`, options.signal)
    const variable = this.#variables.get(name) ?? this.#prefixed(name)
    if (variable === undefined) throw secretNotFound(name, 'the environment: `variables` does not name it')
    const value = this.#environment[variable]
    if (value === undefined) throw secretNotFound(name, `the environment: ${variable} is not set`)
    return new Secret(name, value)
  }

  #prefixed(name: string): string | undefined {
    if (this.#prefix === undefined || !plainName.test(name)) return undefined
    return this.#prefix + name.replaceAll('/', '_').toUpperCase()
  }
}

function checkVariable(option: string, variable: unknown): void {
  if (typeof variable === 'string' && variableShape.test(variable)) return
  throw invalidOption(option, 'must be letters, digits and "_", no digit first', variable)
}
