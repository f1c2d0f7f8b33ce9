/** The system's name of an error, such as `ENOENT`; of the first cause that has one. */
export function errnoOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError && at.errors.length > 0) return errnoOf(at.errors[0])
  }
  return undefined
}
