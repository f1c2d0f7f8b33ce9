import type { CallOptions } from '../engine/container-engine.js'

/** When an image is fetched: never, only when the engine does not have it, or each time. */
export type PullPolicy = 'never' | 'missing' | 'always'

/** A step of a pull, as the registry's layers arrive. */
export interface PullProgress {
  readonly kind: 'pull'
  readonly image: string
  /** In the engine's words, such as `Downloading`. */
  readonly status: string
  /** Short id of the layer it is about. */
  readonly layer?: string
  readonly currentBytes?: number
  readonly totalBytes?: number
}

/** Output of a build, as it comes. */
export interface BuildProgress {
  readonly kind: 'build'
  readonly image: string
  readonly text: string
  /** The step that it belongs to, such as `Step 2/7 : RUN make`. */
  readonly step?: string
}

export type ImageProgress = PullProgress | BuildProgress

/** Credentials for one registry. Never logged and never part of an error. */
export interface RegistryAuth {
  readonly username: string
  readonly password: string
}

/** Options of {@link Images.pull}. */
export interface PullOptions extends Pick<CallOptions, 'signal'> {
  auth?: RegistryAuth
  /** Called for each step. What it throws rejects this pull, and no other caller's. */
  onProgress?: (progress: PullProgress) => void
}

/** What to build from a folder. */
export interface BuildSource {
  /** The context, on this machine; its `.dockerignore` is honoured. */
  folder: string
  /** Path in the folder. Default: `Dockerfile`. */
  dockerfile?: string
  buildArgs?: Readonly<Record<string, string>>
  labels?: Readonly<Record<string, string>>
  /** The stage to build. Default: the last one. */
  target?: string
  /** Default: false. */
  noCache?: boolean
  /** Pull the base images even when the engine has them. Default: false. */
  pullBase?: boolean
  /** The network that `RUN` steps have: `none`, `host`, or a network's name. */
  network?: string
}

/** Options of {@link Images.build}. */
export interface BuildOptions extends Omit<BuildSource, 'folder'>, Pick<CallOptions, 'signal'> {
  /** Names that the image gets. */
  tags: readonly string[]
  /** Called for each piece of output. What it throws rejects this build. */
  onProgress?: (progress: BuildProgress) => void
}

/** Options of {@link Images.ensure}. */
export interface EnsureOptions extends Pick<CallOptions, 'signal'> {
  /** Default: `'missing'`. */
  policy?: PullPolicy
  /** Build the image from here, a folder or more, instead of pulling it. */
  build?: string | BuildSource
  auth?: RegistryAuth
  onProgress?: (progress: ImageProgress) => void
}
