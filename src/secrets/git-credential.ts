import { invalidOption } from '../errors/invalid-option.js'
import { checkSecretName } from '../model/secret.js'
import type { SecretUse } from '../model/secret-use.js'

/** What {@link gitCredential} is given. */
export interface GitCredentialOptions {
  /** As in the URL, with a port where that has one: `github.com`, `git.example:8443`. */
  readonly host: string
  /** Name of the secret in the store: a token or password. */
  readonly secret: string
  /** Default: `x-access-token`, which GitHub and GitLab take along with any token. */
  readonly username?: string
}

/**
 * Lets clone, fetch and push over HTTPS work with a token: by a credential helper for that host alone, which reads it
 * from a file in the secrets' folder. Needs git (2.31 or later) and `sh` in the place. The token is in no URL,
 * configuration file, argument or variable; other helpers of the place are left out, so that none can keep it.
 *
 * @throws `INVALID_OPTION`
 */
export function gitCredential({
  host,
  secret,
  username = 'x-access-token',
}: GitCredentialOptions): SecretUse {
  if (typeof host !== 'string' || !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/.test(host)) {
    throw invalidOption('host', 'must be a host name, with a port where it has one', host)
  }
  if (typeof username !== 'string' || !/^[^\0\r\n]+$/.test(username)) {
    throw invalidOption('username', 'must be one line of text', username)
  }
  const name = `git-${host.toLowerCase().replace(':', '-')}`
  // Its input is the URL in pieces, which git has compared with this host by then; only "get" is answered.
  const helper = `!f() { test "$1" = get && cat "$ANYON_SECRETS_DIR/${name}"; }; f`
  const pieces = [
    `username=${username}\npassword=`,
    { secret: checkSecretName(secret), as: 'line' },
    '\n',
  ] as const
  const key = `credential.https://${host}`
  return {
    files: [{ name, pieces }],
    gitConfig: [
      [`${key}.helper`, ''],
      [`${key}.helper`, helper],
      [`${key}.useHttpPath`, 'false'],
    ],
  }
}
