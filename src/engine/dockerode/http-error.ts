/** The engine's answer to a call, when it is not a success; becomes one of our codes in to-engine-error.ts. */
export class HttpError extends Error {
  override readonly name = 'HttpError'

  constructor(
    readonly statusCode: number,
    /** What the engine said. */
    readonly engineMessage: string,
    readonly method: string,
    /** Without its query, which may hold what was asked for in confidence. */
    readonly path: string,
  ) {
    super(`${method} ${path} was answered with status ${statusCode}: ${engineMessage}`)
  }
}
