import { createHash, randomBytes } from 'node:crypto'

const bytes = randomBytes(64 * 1024)
const signals = ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGUSR1']

export const sha256 = (data) => createHash('sha256').update(data).digest('hex')

/** What a runner must allow for these commands. */
export const runnerOptions = { timeoutBoundsMs: { minimum: 1, maximum: 3_600_000 } }

/** Ten kinds of commands, each with what must become of it; given a number, each gives a function that runs it. */
const kinds = [
  () => expecting(['true'], {}, { reason: 'exited', code: 0 }),
  (n) => expecting(['sh', '-c', `exit ${n % 256}`], {}, { reason: 'exited', code: n % 256 }),
  (n) => {
    const script = `echo out ${n}; echo err ${n} >&2; exit 3`
    return expecting(
      ['sh', '-c', script],
      {},
      { reason: 'exited', code: 3, stdout: `out ${n}\n`, stderr: `err ${n}\n` },
    )
  },
  (n) => {
    const stdin = bytes.subarray(n % 1000, (n % 1000) + ((n * 7919) % 60_000))
    return expecting(['cat'], { stdin }, { reason: 'exited', code: 0, sha256: sha256(stdin) })
  },
  (n) => {
    const signal = signals[n % signals.length]
    return expecting(
      ['sh', '-c', `kill -${signal.slice(3)} $$; sleep 1000`],
      {},
      { reason: 'signaled', signal },
    )
  },
  () => expecting(['/no/such/program'], {}, { reason: 'spawnFailed' }),
  (n) => {
    const script = `setsid sleep 1000 & (sleep 1000 &) ; exit ${n % 100}`
    return expecting(['sh', '-c', script], {}, { reason: 'exited', code: n % 100 })
  },
  () => expecting(['sleep', '1000'], { timeoutMs: 20, graceMs: 0 }, { reason: 'timeout' }),
  (n) => async (runner) => {
    const command = runner.spawn(['sh', '-c', `trap '' TERM; sleep 1000 & sleep 1000`])
    await command.started
    const report = await command.kill({ graceMs: n % 5 })
    return compare(await command.exit, { reason: 'killed' }, report.verified ? {} : { unverified: true })
  },
  () => async (runner) => {
    const controller = new AbortController()
    const command = runner.spawn(['sleep', '1000'], { signal: controller.signal, graceMs: 0 })
    await command.started
    controller.abort()
    return compare(await command.exit, { reason: 'aborted' })
  },
]

export const kindCount = kinds.length

/** Runs the command of that number; gives undefined where it ended as it must, else what is wrong. */
export async function runMixed(runner, number) {
  try {
    return await kinds[number % kinds.length](number)(runner)
  } catch (error) {
    return `${number}: ${error}`
  }
}

function expecting(argv, options, { stdout, stderr, sha256: hash, ...exit }) {
  return async (runner) => {
    const command = runner.spawn(argv, options)
    command.started.catch(() => {}) // its exit says so
    const [out, err, ended] = await Promise.all([read(command.stdout), read(command.stderr), command.exit])
    return compare(ended, exit, {
      ...(stdout !== undefined && out.toString() !== stdout && { stdout: out.toString() }),
      ...(stderr !== undefined && err.toString() !== stderr && { stderr: err.toString() }),
      ...(hash !== undefined && sha256(out) !== hash && { bytes: out.length }),
    })
  }
}

async function read(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function compare(exit, expected, wrong = {}) {
  const differs = Object.entries(expected).some(([key, value]) => exit[key] !== value)
  if (!differs && Object.keys(wrong).length === 0) return undefined
  return JSON.stringify({ expected, exit, ...wrong })
}
