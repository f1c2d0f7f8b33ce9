#!/usr/bin/env node
// Makes the images that the tests and the examples use, where they are missing or out of date.
//   node docker/scripts/images.mjs [busybox] [debian] [claude-code]
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureBaseImage, BUSYBOX_IMAGE, DEBIAN_IMAGE } from './lib/base-images.mjs'
import { buildImage, hashOf, inspectImage } from './lib/image-store.mjs'
import { withLock } from './lib/lock.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureEngine } from './engine.mjs'

export { BUSYBOX_IMAGE, DEBIAN_IMAGE }
export const CLAUDE_IMAGE = 'anyon-claude:latest'

const CLAUDE_DIR = fileURLToPath(new URL('../claude-code', import.meta.url))
const MAKERS = {
  busybox: (endpoint) => ensureBaseImage(endpoint, BUSYBOX_IMAGE),
  debian: (endpoint) => ensureBaseImage(endpoint, DEBIAN_IMAGE),
  'claude-code': ensureClaudeImage,
}

/** Has each of the named images on that engine. */
export async function ensureImages(endpoint, names = Object.keys(MAKERS)) {
  await withLock('images', async () => {
    for (const name of names) await MAKERS[name](endpoint)
  })
}

async function ensureClaudeImage(endpoint) {
  const hash = hashOf(CLAUDE_DIR)
  const there = await inspectImage(endpoint, CLAUDE_IMAGE)
  if (there?.Config.Labels?.['anyon.content-hash'] === hash) return
  await ensureBaseImage(endpoint, DEBIAN_IMAGE)
  const [, version] = /^ARG CLAUDE_CODE_VERSION=(\S+)/m.exec(readFileSync(`${CLAUDE_DIR}/Dockerfile`, 'utf8'))
  say('images', `building anyon-claude:${version} (a few minutes the first time)`)
  await buildImage(endpoint, CLAUDE_DIR, {
    tags: [CLAUDE_IMAGE, `anyon-claude:${version}`],
    labels: { 'anyon.content-hash': hash },
    buildArgs: proxies(),
    onStep: (step) => say('images', step),
  })
}

/** Build arguments that every Dockerfile knows without declaring them. */
function proxies(env = process.env) {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(async () => {
    const names = process.argv.slice(2)
    await ensureImages(await ensureEngine(), names.length > 0 ? names : undefined)
  })
}
