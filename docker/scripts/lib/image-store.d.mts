/** What the engine says about an image, or undefined when it has none of that name. */
export function inspectImage(endpoint: string, name: string): Promise<Record<string, unknown> | undefined>

/** Builds an image from a folder; `onStep` is told each instruction. */
export function buildImage(
  endpoint: string,
  folder: string,
  options: {
    tags: string[]
    buildArgs: Record<string, string>
    labels: Record<string, string>
    onStep: (step: string) => void
  },
): Promise<void>
