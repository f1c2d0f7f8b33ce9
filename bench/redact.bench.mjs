import { randomBytes } from 'node:crypto'
import { MemorySecretStore, secretEnv } from '@anyon/containers'
import { loadSource } from './support/load-source.mjs'
import { openWorkbench } from './support/workbench.mjs'

const MIB = 1024 ** 2
const BLOCK = logText(16 * MIB)
/** In a file of the container, and so often through the runner, which makes 1 GiB. */
const TIMES = 64
const SECRETS = 100

export const name = 'redact'
export const unit = 'MB/s'
export const rounds = 5
export const bars = [
  { what: '100 secrets in a command’s 1 GiB', of: 'masked', against: 'plain', atLeast: 0.8 },
  { what: 'no secret in a command’s 1 GiB', of: 'masking nothing', against: 'plain', atLeast: 0.95 },
  { what: 'the redactor alone: log lines, 100 tokens', of: 'log' },
  { what: 'the redactor alone: base64, 100 tokens', of: 'base64' },
  { what: 'the redactor alone: log lines, 100 secrets of 6 bytes', of: 'short' },
  { what: 'the redactor alone: log lines in chunks of 100 bytes', of: 'small chunks' },
]

let bench

export async function contenders() {
  const { createRedactor, RedactionPatterns } = await loadSource(
    'src/streaming/redact.ts',
    'src/streaming/redact-patterns.ts',
  )
  bench = await openWorkbench()
  const token = (n) => `sk-${n}-${randomBytes(30).toString('base64url')}`
  const values = Object.fromEntries(Array.from({ length: SECRETS }, (_, n) => [`owner/${n}`, token(n)]))
  const { runner } = await bench.container({}, { secretStore: new MemorySecretStore(values) })
  await runner.run(['sh', '-c', 'cat > /log'], { stdin: BLOCK, check: true })
  const command = ['cat', ...Array(TIMES).fill('/log')]
  const secrets = Object.keys(values).map((name, n) => secretEnv(`TOKEN_${n}`, name))
  const some = (value) => {
    const patterns = new RedactionPatterns()
    for (let n = 0; n < SECRETS; n++) patterns.add(`owner/${n}`, Buffer.from(value(n)))
    return patterns
  }
  const tokens = some(token)
  const short = some(() => randomBytes(4).toString('base64url'))
  const base64 = Buffer.from(randomBytes(12 * MIB).toString('base64'))

  const through = (options, redact) => async () => {
    const { exit, stdout } = runner.spawn(command, options)
    let counted = 0
    const count = (bytes) => (counted += bytes.length)
    const startedAt = performance.now()
    if (redact === undefined) stdout.on('data', count)
    else {
      const redactor = createRedactor({ patterns: redact, onBytes: count })
      stdout.on('data', (bytes) => redactor.push(bytes)).on('end', () => redactor.end())
    }
    if (!(await exit).succeeded) throw new Error('cat failed')
    return rate(counted, TIMES * BLOCK.length, startedAt)
  }
  const alone = (patterns, text, chunkBytes, times) => () => {
    let counted = 0
    const redactor = createRedactor({ patterns, onBytes: (bytes) => (counted += bytes.length) })
    const startedAt = performance.now()
    for (let n = 0; n < times; n++) {
      for (let at = 0; at < text.length; at += chunkBytes) redactor.push(text.subarray(at, at + chunkBytes))
    }
    redactor.end()
    return rate(counted, times * text.length, startedAt)
  }
  return {
    plain: through({}),
    masked: through({ secrets }),
    'masking nothing': through({}, new RedactionPatterns()),
    log: alone(tokens, BLOCK, 64 * 1024, 16),
    base64: alone(tokens, base64, 64 * 1024, 16),
    short: alone(short, BLOCK, 64 * 1024, 16),
    'small chunks': alone(tokens, BLOCK, 100, 1),
  }
}

export const close = () => bench?.close()

function rate(counted, expected, startedAt) {
  if (counted !== expected) throw new Error(`got ${counted} bytes of ${expected}`)
  return expected / 1e3 / (performance.now() - startedAt)
}

/** Lines as a server writes them, no two alike. */
function logText(size) {
  const lines = []
  for (let bytes = 0, n = 0; bytes < size; n++) {
    const line = `2031-05-07T12:${n % 60}:07.${n % 1000}Z info [worker-${n % 16}] GET https://example.org/api/items/${n * 7919} 200 in ${n % 977} ms, request ${(n * 2654435761).toString(36)}\n`
    lines.push(line)
    bytes += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, size)
}
