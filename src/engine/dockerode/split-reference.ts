/** The two halves that the engine's calls want of `name:tag` or `name@digest`. Without a tag: `latest`. */
export function splitReference(reference: string): { name: string; tag: string } {
  const at = reference.indexOf('@')
  if (at >= 0) return { name: reference.slice(0, at), tag: reference.slice(at + 1) }
  const colon = reference.lastIndexOf(':')
  // A colon before a slash is the port of a registry.
  if (colon < 0 || reference.indexOf('/', colon) >= 0) return { name: reference, tag: 'latest' }
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
}
