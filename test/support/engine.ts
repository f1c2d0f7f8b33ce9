import { inject } from 'vitest'
import { BUSYBOX_IMAGE, CLAUDE_IMAGE, copyImage, DEBIAN_IMAGE } from '../../docker/scripts/images.mjs'
import {
  startPrivateEngine as start,
  type PrivateEngine,
  type PrivateEngineOptions,
} from '../../docker/scripts/lib/private-engine.mjs'
import { engineRequest as request } from '../../docker/scripts/lib/engine-api.mjs'
import { TEST_LABEL } from '../../docker/scripts/lib/sweep.mjs'

export { BUSYBOX_IMAGE, CLAUDE_IMAGE, DEBIAN_IMAGE }
export type { PrivateEngine }

declare module 'vitest' {
  export interface ProvidedContext {
    engineEndpoint: string
    runLabel: string
  }
}

/** The engine that the tests run on, such as `unix:///run/anyon/docker.sock`. */
export function testEndpoint(): string {
  return inject('engineEndpoint')
}

/** For every container, network, volume and image that a test makes: what a dead run left is swept by them. */
export function testLabels(): Record<string, string> {
  return { [TEST_LABEL]: inject('runLabel') }
}

/** One plain request to the engine, by node:http alone: what the engine itself says. */
export function engineRequest(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  return request(testEndpoint(), method, path, body)
}

/** A second engine of one's own with busybox on it, to be stopped and killed at will; `close()` it. */
export async function startPrivateEngine(options?: PrivateEngineOptions): Promise<PrivateEngine> {
  const engine = await start(options)
  try {
    await copyImage(testEndpoint(), engine.endpoint, BUSYBOX_IMAGE)
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}
