import { linkSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './say.mjs'

/** Runs `work` while no other process on this machine runs work under the same name. */
export async function withLock(name, work) {
  const path = join(tmpdir(), `anyon-${userInfo().uid}-${name}.lock`)
  for (let waited = 0; !take(path); waited++) {
    if (waited === 5) say('lock', `waiting for process ${ownerOf(path)?.pid ?? '?'} (${name})`)
    await sleep(200)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function take(path) {
  const dir = mkdtempSync(`${path}-`)
  const mine = join(dir, 'owner')
  try {
    writeFileSync(mine, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }))
    // A hard link appears with its content or not at all: nobody reads half an owner.
    linkSync(mine, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    removeIfStale(path, join(dir, 'stale'))
    return false
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function removeIfStale(path, aside) {
  const owner = ownerOf(path)
  if (!owner || isAlive(owner)) return
  try {
    renameSync(path, aside)
    // Another waiter may have replaced it since it was read: a live owner gets it back.
    if (isAlive(ownerOf(aside) ?? owner)) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
}

function ownerOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whether that very process still runs: a pid alone may have been given to another since. */
export function isAlive({ pid, startedAt }) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return false
  }
  return !startedAt || startOf(pid) === startedAt
}

/** A process's start time in clock ticks, or undefined where there is no /proc. */
export function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
