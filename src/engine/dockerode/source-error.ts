/** The stream that was to be sent to the engine failed; the engine has nothing to do with it. */
export class SourceError extends Error {
  override readonly name = 'SourceError'

  constructor(override readonly cause: Error) {
    super(cause.message)
  }
}
