import type { ContainerExit } from '../model/container-exit.js'

/** The wait for one run of one container, shared by everybody who waits for it through the same handle. */
export class ExitWatch {
  /** There once it has ended. */
  exit: ContainerExit | undefined

  constructor(readonly result: Promise<ContainerExit>) {
    result.then(
      (exit) => (this.exit = exit),
      () => {}, // nobody may be waiting
    )
  }
}
