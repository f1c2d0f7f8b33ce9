import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { createRequest } from '../support/create-request.js'

const folder = mkdtempSync(join(tmpdir(), 'anyon-tls-'))
const file = (name: string): string => join(folder, name)
const openssl = (...argv: string[]) => promisify(execFile)('openssl', argv, { cwd: folder })
let server: tls.Server
let host: string

/** A key, and a certificate for it that the authority has signed. */
async function sign(name: string, subject: string): Promise<void> {
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl('req', ...key, '-keyout', `${name}key.pem`, '-out', 'csr.pem', '-subj', `/CN=${subject}`)
  const ca = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '1']
  await openssl('x509', '-req', '-in', 'csr.pem', ...ca, '-out', `${name}cert.pem`, '-extfile', 'names')
}

/** The real engine behind TLS that lets in only whom the authority knows. */
beforeAll(async () => {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=authority',
    '-days',
    '1',
  )
  await sign('server-', 'engine')
  await sign('', 'client')
  const options: tls.TlsOptions & net.ServerOpts = {
    ca: readFileSync(file('ca.pem')),
    cert: readFileSync(file('server-cert.pem')),
    key: readFileSync(file('server-key.pem')),
    requestCert: true,
    rejectUnauthorized: true,
    allowHalfOpen: true,
  }
  server = tls.createServer(options, (client) => {
    const engine = net.connect({ path: testEndpoint().slice('unix://'.length), allowHalfOpen: true })
    client.on('error', () => engine.destroy()).pipe(engine)
    engine.on('error', () => client.destroy()).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('as DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, calls and half-closed streams go through', async () => {
  const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
  const engine = await connectEngine({ env })
  const { id } = await engine.createContainer(createRequest())
  try {
    await engine.startContainer(id)
    const stream = await engine.startExec(await engine.createExec(id, { argv: ['wc', '-c'], stdin: true }))
    stream.end('hello')
    expect((await buffer(stream)).toString('utf8', 8)).toBe('5\n')
  } finally {
    await engine.removeContainer(id, { force: true, volumes: true })
    await engine.close()
  }
})

test('the options say the same', async () => {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(file(name))) as [
    Buffer,
    Buffer,
    Buffer,
  ]
  const engine = await connectEngine({ host, tls: { ca, cert, key }, env: {} })
  await engine.ping()
  await engine.close()
  const lax = await connectEngine({ host, tls: { cert, key, verify: false }, env: {} })
  await lax.close()
})

test.each([
  [
    'an authority that did not sign the engine',
    () => ({ host, tls: { cert: readFileSync(file('cert.pem')), key: readFileSync(file('key.pem')) } }),
  ],
  ['no client certificate', () => ({ host, tls: { ca: readFileSync(file('ca.pem')) } })],
  ['a key that is none', () => ({ host, tls: { cert: 'x', key: 'y' } })],
])('%s is refused as TLS_INVALID', async (_, options) => {
  await expect(connectEngine({ ...options(), env: {} })).rejects.toMatchObject({ code: 'TLS_INVALID' })
})

test('TLS to an engine that speaks none, and none to one that does', async () => {
  const plain = await startFaultProxy(testEndpoint(), {}, 'tcp')
  try {
    await expect(connectEngine({ host: plain.endpoint, tls: {}, env: {} })).rejects.toMatchObject({
      code: 'TLS_INVALID',
    })
    await expect(connectEngine({ host, env: {} })).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
  } finally {
    await plain.close()
  }
})
