/** What a call is about, for the errors that come of it. */
export interface Subject {
  readonly thing: 'engine' | 'container' | 'exec' | 'image' | 'network' | 'volume'
  /** Its name or id; absent for the engine. */
  readonly name?: string
  /** What was asked for, as it goes into "could not … container x": `start`, `read the logs of`. */
  readonly action: string
  /** The image of a container to create. */
  readonly image?: string
  /** The path of an archive call. */
  readonly path?: string
}

/** `container "web"`, with its image where that matters. */
export function describeSubject({ thing, name, image, path }: Subject): string {
  if (thing === 'engine') return 'the engine'
  const of = image === undefined ? '' : ` of image ${JSON.stringify(image)}`
  const at = path === undefined ? '' : ` at ${JSON.stringify(path)}`
  return `${thing} ${JSON.stringify(name ?? '')}${of}${at}`
}
