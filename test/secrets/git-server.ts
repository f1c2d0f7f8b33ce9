import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a client asked for, and with which `user:password`. */
interface GitRequest {
  readonly path: string
  readonly credential: string | undefined
  /** Command lines of all processes of the machine while it was answered. */
  readonly processes: string
}

export interface GitServer {
  readonly port: number
  /** The certificate, for `GIT_SSL_CAINFO`. */
  readonly certificate: string
  readonly requests: GitRequest[]
  close(): Promise<void>
}

const run = (program: string, argv: string[]) => execFileSync(program, argv, { stdio: 'pipe' })
const git = (...argv: string[]) =>
  execFileSync('git', argv, { stdio: 'pipe', env: { PATH: process.env['PATH'] } })

/** Git's own server behind HTTPS and basic authentication: what lies below /public asks for none. `at`: who it is. */
export async function startGitServer(
  mayRead: (credential: string, path: string) => boolean,
  at = { name: 'localhost', address: '127.0.0.1' },
): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'git-server-'))
  const certificate = join(root, 'certificate.pem')
  const key = join(root, 'key.pem')
  run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${at.name}`,
    '-addext', `subjectAltName=DNS:${at.name},IP:${at.address}`, '-keyout', key, '-out', certificate]) // prettier-ignore
  const requests: GitRequest[] = []
  const server = createServer(
    { cert: readFileSync(certificate), key: readFileSync(key) },
    (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'https://git')
      const credential = credentialOf(request)
      requests.push({ path: pathname, credential, processes: commandLines() })
      if (!pathname.startsWith('/public/') && !(credential && mayRead(credential, pathname))) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      } else serve(join(root, 'repositories'), request, response)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, at.address, resolve))
  const { port } = server.address() as AddressInfo
  for (const name of ['public/open', 'private/ann', 'private/bob']) createRepository(root, name)
  addSubmodule(root, 'private/ann', `https://${at.name}:${port}/private/bob.git`)
  return {
    port,
    certificate,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        rmSync(root, { recursive: true })
      }),
  }
}

function credentialOf({ headers }: IncomingMessage): string | undefined {
  const [scheme, value = ''] = headers.authorization?.split(' ') ?? []
  return scheme === 'Basic' ? Buffer.from(value, 'base64').toString() : undefined
}

function commandLines(): string {
  const found = execFileSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null; :'], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return found.toString().replaceAll('\0', ' ')
}

function createRepository(root: string, name: string): void {
  const bare = join(root, 'repositories', `${name}.git`)
  const work = join(root, 'work', name)
  mkdirSync(bare, { recursive: true })
  git('init', '-q', '--bare', '-b', 'main', bare)
  git('-C', bare, 'config', 'http.receivepack', 'true')
  git('init', '-q', '-b', 'main', work)
  writeFileSync(join(work, 'README'), `this is ${name}\n`)
  git('-C', work, 'add', '.')
  commit(work, 'first')
  git('-C', work, 'push', '-q', bare, 'main')
}

function addSubmodule(root: string, name: string, url: string): void {
  const work = join(root, 'work', name)
  writeFileSync(join(work, '.gitmodules'), `[submodule "other"]\n\tpath = other\n\turl = ${url}\n`)
  const other = git('-C', join(root, 'work/private/bob'), 'rev-parse', 'HEAD').toString().trim()
  git('-C', work, 'update-index', '--add', '--cacheinfo', `160000,${other},other`)
  git('-C', work, 'add', '.gitmodules')
  commit(work, 'with a submodule')
  git('-C', work, 'push', '-q', join(root, 'repositories', `${name}.git`), 'main')
}

function commit(work: string, message: string): void {
  git('-C', work, '-c', 'user.name=t', '-c', 'user.email=t@example', 'commit', '-q', '-m', message)
}

/** As a web server calls a CGI program. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'https://git')
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'somebody',
    },
  })
  request.pipe(cgi.stdin).on('error', () => undefined)
  const pieces: Buffer[] = []
  cgi.stdout.on('data', (bytes: Buffer) => pieces.push(bytes))
  cgi.on('close', () => {
    const answer = Buffer.concat(pieces)
    const end = answer.indexOf('\r\n\r\n')
    const headers = answer
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': '))
    const status = headers.find(([name]) => name === 'Status')?.[1]
    response.statusCode = status === undefined ? 200 : Number.parseInt(status)
    for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value)
    response.end(answer.subarray(end + 4))
  })
}
