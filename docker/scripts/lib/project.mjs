import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'

/** The folder that holds package.json. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs a program in the project, with its output shown; resolves with its exit code. */
export function runHere(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env },
      // npm is a script on Windows.
      shell: process.platform === 'win32',
    })
    // A terminal's interrupt reaches the child as well; we stay until it is gone, to clean up after it.
    const onInterrupt = () => {}
    const onTerminate = () => child.kill('SIGTERM')
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate)
      resolve(signal ? 1 : code)
    })
  })
}

/** A lock for this copy of the project. */
export function rootLock(name, work) {
  return withLock(`${name}-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`, work)
}
