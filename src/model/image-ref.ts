import { invalidOption } from '../errors/invalid-option.js'

/** An image reference taken apart: `registry/repository:tag@digest`. */
export interface ImageRef {
  /** Host and port, when the reference names one. */
  readonly registry?: string
  /** Path within the registry, such as `library/busybox`. */
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const registryShape = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)(?::[0-9]+)?$/
const tagShape = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const digestShape = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/
const MAX_REPOSITORY_LENGTH = 255

/**
 * Takes an image reference apart. Throws `INVALID_OPTION` naming the part that breaks the rule. A first part counts
 * as the registry when it has a dot or a port, or is `localhost`, as in the docker command line.
 */
export function parseImageRef(reference: string, option = 'image'): ImageRef {
  const refuse = (rule: string): Error => invalidOption(option, rule, reference)
  if (reference === '') throw refuse('must name an image')
  const [named = '', ...digests] = reference.split('@')
  if (digests.length > 1) throw refuse('must have at most one digest')
  const [digest] = digests
  if (digest !== undefined && !digestShape.test(digest))
    throw refuse('must have a digest like sha256:<64 hex digits>')
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const tag = colon < 0 ? undefined : named.slice(colon + 1)
  if (tag !== undefined && !tagShape.test(tag)) {
    throw refuse('must have a tag of up to 128 letters, digits, "_", "." and "-"')
  }
  const parts = named.slice(0, colon < 0 ? undefined : colon).split('/')
  const registry = parts.length > 1 && isRegistry(parts[0] ?? '') ? parts.shift() : undefined
  if (registry !== undefined && !registryShape.test(registry))
    throw refuse('must have a registry like host:port')
  const repository = parts.join('/')
  if (repository.length > MAX_REPOSITORY_LENGTH || !parts.every((part) => component.test(part))) {
    throw refuse('must have a lowercase name of letters, digits, ".", "_" and "-"')
  }
  return {
    repository,
    ...(registry !== undefined && { registry }),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }
}

/** One spelling for the references that mean the same image: `busybox` and `docker.io/library/busybox:latest`. */
export function normalImageRef(reference: string, option = 'image'): string {
  const { registry = 'docker.io', repository, tag, digest } = parseImageRef(reference, option)
  const hub = registry === 'docker.io' || registry === 'index.docker.io'
  const path = hub && !repository.includes('/') ? `library/${repository}` : repository
  const version = digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`
  return `${hub ? 'docker.io' : registry}/${path}${version}`
}

function isRegistry(part: string): boolean {
  return part.includes('.') || part.includes(':') || part === 'localhost'
}
