import type { PlaceDefaults } from '../place.js'

/** What a host runner may be given about its host. */
export interface HostOptions {
  /** The environment that PATH and `inheritEnv` are taken from. Default: the process's, as it is now. */
  env?: Readonly<Record<string, string | undefined>>
  /** Folder of commands that name none. Default: the process's, as it is now. */
  cwd?: string
}

/** Looks at the process once, so that what it changes later changes no command. */
export function hostDefaults(options: HostOptions): PlaceDefaults {
  const env = new Map<string, string>()
  for (const [name, value] of Object.entries(options.env ?? process.env)) {
    if (value !== undefined) env.set(name, value)
  }
  return { env, path: env.get('PATH'), cwd: options.cwd ?? process.cwd(), user: undefined }
}
