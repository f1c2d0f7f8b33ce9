import type { TestProject } from 'vitest/node'
import { ensureEngine } from '../../docker/scripts/engine.mjs'
import { ensureImages } from '../../docker/scripts/images.mjs'
import { ownerLabel, sweep } from '../../docker/scripts/lib/sweep.mjs'

/** Has an engine and the images, or fails the run; clears what earlier, dead runs left. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const endpoint = await ensureEngine()
  await ensureImages(endpoint, ['busybox', 'debian'])
  await sweep(endpoint)
  const label = ownerLabel(process.pid)
  project.provide('engineEndpoint', endpoint)
  project.provide('runLabel', label)
  return async () => {
    const left = await sweep(endpoint, label)
    if (left.length === 0) return
    // vitest prints what a teardown throws and still ends with 0.
    process.exitCode = 1
    throw new Error(`Tests left on the engine: ${left.join(', ')} (removed now)`)
  }
}
