/**
 * What stands in the place of something that a secret store threw: its kind and `code`, and none of its words, since a
 * message may quote a secret, as a parser's does. What was thrown is its property `thrown`, which is in no print of it.
 */
export function withheldError(thrown: unknown): Error {
  const { name, code } = kindOf(thrown)
  const shown = code === undefined ? name : `${name} (${code})`
  const message = `${shown}, whose words are not shown here, as they may quote a secret: see "thrown".`
  const error = new Error(message)
  if (code !== undefined) Object.assign(error, { code })
  return Object.defineProperty(error, 'thrown', { value: thrown })
}

function kindOf(thrown: unknown): { name: string; code?: string } {
  if (!(thrown instanceof Error)) return { name: `A ${typeof thrown}` }
  const name = /^\w{1,64}$/.test(thrown.name) ? thrown.name : 'Error'
  const code = 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? { name, code } : { name }
}
