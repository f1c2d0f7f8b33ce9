import type { Files } from '../files/files.js'
import { DockerRunner } from '../runners/docker-runner.js'
import type { ContainerInit } from './create-options.js'
import type { HarnessContext } from './harness-context.js'

/** The files of a container, over a connection of their own that the first call opens. */
export interface ContainerFiles {
  readonly files: Files
  close(): Promise<void>
}

export function openFiles(
  { engine, holds }: HarnessContext,
  id: string,
  init: ContainerInit | undefined,
): ContainerFiles {
  const runner = new DockerRunner({ harness: { engine }, container: { id, init } })
  const close = async (): Promise<void> => {
    holds.delete(close)
    await runner.close()
  }
  holds.add(close)
  return { files: runner.files, close }
}
