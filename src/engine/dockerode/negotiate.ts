import { ContainersError } from '../../errors/containers-error.js'
import { invalidOption } from '../../errors/invalid-option.js'
import type { EngineVersion } from '../engine-types.js'

/** The API versions that this library was written and tested for. */
const oldestApiVersion = '1.41'
const newestApiVersion = '1.47'

/**
 * The API version to speak with an engine: what was asked for, or the highest that both sides know. Throws
 * ENGINE_VERSION_UNSUPPORTED when there is none.
 */
export function negotiateApiVersion(
  engine: EngineVersion,
  asked: string | undefined,
  address: string,
): string {
  const { apiVersion: newest, minimumApiVersion: oldest } = engine
  if (parse(newest) === undefined || parse(oldest) === undefined) {
    throw new ContainersError('ENGINE_PROTOCOL', `What answers at ${address} does not say its API version.`)
  }
  if (asked !== undefined) return checkAsked(asked, engine, address)
  if (compare(newest, oldestApiVersion) < 0) {
    throw unsupported(
      `The engine at ${address} (version ${engine.version}) is too old: it speaks API ${newest} at most, ` +
        `and ${oldestApiVersion} is the least. Upgrade it to Docker 20.10 or later.`,
      engine,
    )
  }
  if (compare(oldest, newestApiVersion) > 0) {
    throw unsupported(
      `The engine at ${address} (version ${engine.version}) is too new: it speaks API ${oldest} at least, ` +
        `and ${newestApiVersion} is the most. Upgrade @anyon/containers.`,
      engine,
    )
  }
  return compare(newest, newestApiVersion) < 0 ? newest : newestApiVersion
}

/** Refuses an `apiVersion` option that no engine could fit. */
export function checkApiVersion(asked: string | undefined): void {
  if (asked === undefined) return
  if (typeof asked !== 'string' || parse(asked) === undefined) {
    throw invalidOption('`apiVersion`', 'must be a version such as 1.41', asked)
  }
  if (compare(asked, oldestApiVersion) < 0 || compare(asked, newestApiVersion) > 0) {
    throw invalidOption('`apiVersion`', `must be from ${oldestApiVersion} to ${newestApiVersion}`, asked)
  }
}

function checkAsked(asked: string, engine: EngineVersion, address: string): string {
  const { apiVersion: newest, minimumApiVersion: oldest } = engine
  if (compare(asked, newest) <= 0 && compare(asked, oldest) >= 0) return asked
  throw unsupported(
    `The engine at ${address} (version ${engine.version}) speaks API ${oldest} to ${newest}, and \`apiVersion\` ` +
      `asks for ${asked}. Leave it out to have the highest that both know.`,
    engine,
  )
}

function unsupported(
  message: string,
  { version, apiVersion, minimumApiVersion }: EngineVersion,
): ContainersError {
  return new ContainersError('ENGINE_VERSION_UNSUPPORTED', message, {
    details: { version, apiVersion, minimumApiVersion },
  })
}

function parse(version: string): [number, number] | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor)]
}

function compare(one: string, other: string): number {
  const [a = [0, 0], b = [0, 0]] = [parse(one), parse(other)]
  return a[0] - b[0] || a[1] - b[1]
}
