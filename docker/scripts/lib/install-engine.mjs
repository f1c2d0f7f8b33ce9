import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { say, SetupError } from './say.mjs'

/** Why packages cannot be installed here, or undefined when they can. */
export function whyNoInstall() {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  if (process.getuid() !== 0) return 'you are not root'
  if (!hasCommand('apt-get')) return 'this is neither Debian nor Ubuntu (no apt-get)'
  return undefined
}

export function hasCommand(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0
}

/** Installs Debian packages without letting them start a service: the engine is started by hand. */
export async function installPackages(packages) {
  const why = whyNoInstall()
  const advice = `apt-get update && apt-get install -y ${packages.join(' ')}`
  if (why) throw new SetupError(`${packages.join(', ')} must be installed, but ${why}.\nType: sudo ${advice}`)
  await withoutServices(async () => {
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
      say('apt-get', args.join(' '))
      const { code, output } = await run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
      // An update may fail for one archive of many that is not needed; the install decides.
      if (code !== 0 && args[0] === 'install') {
        throw new SetupError(`apt-get could not install ${packages.join(', ')}:\n${output}\nType: ${advice}`)
      }
    }
  })
}

const POLICY = '/usr/sbin/policy-rc.d'

/** Debian asks this program before it starts a service; 101 means "do not". */
async function withoutServices(work) {
  const own = !existsSync(POLICY)
  if (own)
    writeFileSync(POLICY, '#!/bin/sh\n# anyon: no services while packages are installed\nexit 101\n', {
      mode: 0o755,
    })
  try {
    await work()
  } finally {
    if (own && readFileSync(POLICY, 'utf8').includes('anyon:')) rmSync(POLICY)
  }
}

/** Runs a program to its end; its output is kept, for when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = (text) => (output = (output + text).slice(-8000))
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }))
  })
}
