import { crypto } from '../internal/builtins.js'
import { resolve } from 'node:path'
import type { CallOptions, ContainerEngine } from '../engine/container-engine.js'
import type { ImageInspection } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { normalImageRef, parseImageRef } from '../model/image-ref.js'
import type {
  BuildOptions,
  BuildProgress,
  BuildSource,
  EnsureOptions,
  PullOptions,
  PullProgress,
} from './image-options.js'
import { SharedWork } from './shared-work.js'

/** The images of an engine. The same pull or build that several ask for at a time is done once. */
export class Images {
  readonly #pulls = new SharedWork<void, PullProgress>()
  readonly #builds = new SharedWork<string, BuildProgress>()

  constructor(private readonly engine: ContainerEngine) {}

  /** Whether the engine has the image. Throws `INVALID_OPTION`. */
  async exists(reference: string, options: CallOptions = {}): Promise<boolean> {
    return (await this.#find(reference, options)) !== undefined
  }

  /** What the engine knows of an image. Throws `IMAGE_NOT_FOUND`, `INVALID_OPTION`. */
  async inspect(reference: string, options: CallOptions = {}): Promise<ImageInspection> {
    parseImageRef(reference)
    return this.engine.inspectImage(reference, options)
  }

  /**
   * Pulls an image; without a tag, `latest`. Failures that may pass are tried again three times. Aborting the signal
   * lets go of the pull, which itself goes on while anybody else waits for it.
   * Throws `IMAGE_NOT_FOUND`, `PULL_FAILED` (`retryable` says whether trying later can help), `INVALID_OPTION`, `ABORTED`.
   */
  async pull(reference: string, { auth, signal, onProgress }: PullOptions = {}): Promise<void> {
    const image = normalImageRef(reference)
    const key = `${image} ${auth === undefined ? '' : digest(auth)}`
    await this.#pulls.join(
      key,
      `Pulling ${reference}`,
      async (report, shared) => {
        const { pullImage } = await import('./pull-image.js')
        await pullImage(this.engine, reference, auth, report, shared)
      },
      { signal, onProgress },
    )
  }

  /**
   * Builds an image from a folder and gives its id. Throws `BUILD_FAILED` (`details.step` and `details.log` say
   * where), `PATH_NOT_FOUND`, `INVALID_OPTION`, `ABORTED`.
   */
  async build(folder: string, { tags, signal, onProgress, ...source }: BuildOptions): Promise<string> {
    if (tags.length === 0) throw invalidOption('tags', 'must have at least one name', tags)
    for (const tag of tags) parseImageRef(tag, 'tags')
    const what = { ...source, folder: resolve(folder) }
    return this.#builds.join(
      digest({ ...what, tags }),
      `Building ${tags[0]}`,
      async (report, shared) => {
        const { buildImage } = await import('./build-image.js')
        return buildImage(this.engine, what, tags, report, shared)
      },
      { signal, onProgress },
    )
  }

  /**
   * Has the engine have an image, by pulling or building it where the policy says so, and tells what it is.
   * With `'never'`, an image that is not there is `IMAGE_NOT_FOUND`; else throws as {@link pull} and {@link build} do.
   *
   * @example
   * ```ts
   * await harness.images.ensure('anyon-claude', { build: './docker/claude-code', onProgress })
   * ```
   */
  async ensure(reference: string, options: EnsureOptions = {}): Promise<ImageInspection> {
    const { policy = 'missing', build, auth, signal, onProgress } = options
    checkPolicy(policy)
    const found = policy === 'always' ? undefined : await this.#find(reference, { signal })
    if (found !== undefined) return found
    if (policy === 'never') {
      const message = `The engine does not have the image ${reference}, and the policy is "never". Pull or build it first, or use "missing".`
      throw new ContainersError('IMAGE_NOT_FOUND', message, { details: { image: reference } })
    }
    const common = {
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && { onProgress }),
    }
    if (build === undefined) await this.pull(reference, { ...common, ...(auth !== undefined && { auth }) })
    else {
      const { folder, ...source }: BuildSource = typeof build === 'string' ? { folder: build } : build
      await this.build(folder, { ...source, ...common, tags: [reference] })
    }
    return this.engine.inspectImage(reference, { signal })
  }

  /** Gives an image another name. Throws `IMAGE_NOT_FOUND`, `INVALID_OPTION`. */
  async tag(reference: string, tag: string, options: CallOptions = {}): Promise<void> {
    parseImageRef(reference)
    if (parseImageRef(tag, 'tag').digest !== undefined) throw invalidOption('tag', 'must have no digest', tag)
    await this.engine.tagImage(reference, tag, options)
  }

  /** Removes a name, and the image with its last one. False when it was not there. */
  async remove(
    reference: string,
    { force = false, ...options }: { force?: boolean } & CallOptions = {},
  ): Promise<boolean> {
    parseImageRef(reference)
    try {
      await this.engine.removeImage(reference, { force }, options)
      return true
    } catch (error) {
      if (isContainersError(error, 'IMAGE_NOT_FOUND')) return false
      throw error
    }
  }

  async #find(reference: string, options: CallOptions): Promise<ImageInspection | undefined> {
    try {
      return await this.inspect(reference, options)
    } catch (error) {
      if (isContainersError(error, 'IMAGE_NOT_FOUND')) return undefined
      throw error
    }
  }
}

function checkPolicy(policy: string): void {
  if (!['never', 'missing', 'always'].includes(policy)) {
    throw invalidOption('policy', 'must be "never", "missing" or "always"', policy)
  }
}

function digest(value: object): string {
  return crypto().createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
