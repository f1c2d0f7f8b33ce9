#!/usr/bin/env node
// Makes the images that the tests and the examples use, where they are missing or out of date.
//   node docker/scripts/images.mjs [busybox] [debian] [claude-code]
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeBaseImage, BUSYBOX_IMAGE, DEBIAN_IMAGE } from './lib/base-images.mjs'
import { engineRequest, openRequest, streamRequest } from './lib/engine-api.mjs'
import { hashOf } from './lib/hash.mjs'
import { buildImage, inspectImage } from './lib/image-store.mjs'
import { withLock } from './lib/lock.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureEngine } from './engine.mjs'

export { BUSYBOX_IMAGE, DEBIAN_IMAGE }
export const CLAUDE_IMAGE = 'anyon-claude:latest'

const HASH_LABEL = 'anyon.content-hash'
const CLAUDE_DIR = fileURLToPath(new URL('../claude-code', import.meta.url))
const IMAGES = {
  busybox: base(BUSYBOX_IMAGE),
  debian: base(DEBIAN_IMAGE),
  'claude-code': { isThere: claudeImageIsThere, make: makeClaudeImage },
}

function base(name) {
  return {
    isThere: async (endpoint) => Boolean(await inspectImage(endpoint, name)),
    make: (endpoint) => makeBaseImage(endpoint, name),
  }
}

/** Has each of the named images on that engine. */
export async function ensureImages(endpoint, names = Object.keys(IMAGES)) {
  for (const name of names) {
    const { isThere, make } = IMAGES[name]
    if (await isThere(endpoint)) continue
    await withLock(`image-${name}`, async () => {
      if (!(await isThere(endpoint))) await make(endpoint)
    })
  }
}

/** The version that CLAUDE_CODE_VERSION asks for, else the one that the Dockerfile pins. */
function claudeVersion() {
  const dockerfile = readFileSync(`${CLAUDE_DIR}/Dockerfile`, 'utf8')
  return process.env.CLAUDE_CODE_VERSION ?? /^ARG CLAUDE_CODE_VERSION=(\S+)/m.exec(dockerfile)[1]
}

function contentHash() {
  return hashOf([CLAUDE_DIR], { extra: claudeVersion() })
}

async function claudeImageIsThere(endpoint) {
  const image = await inspectImage(endpoint, CLAUDE_IMAGE)
  return image?.Config.Labels?.[HASH_LABEL] === contentHash()
}

async function makeClaudeImage(endpoint) {
  await ensureImages(endpoint, ['debian'])
  const version = claudeVersion()
  say('images', `building anyon-claude:${version} (a minute or two, the first time)`)
  await buildImage(endpoint, CLAUDE_DIR, {
    tags: [CLAUDE_IMAGE, `anyon-claude:${version}`],
    labels: { [HASH_LABEL]: contentHash() },
    buildArgs: { CLAUDE_CODE_VERSION: version, ...proxies() },
    onStep: (step) => say('images', step),
  })
  // The stage that fetched the CLI stays behind as an image without a name, of more than a gigabyte.
  const stages = JSON.stringify({ dangling: ['true'], label: ['anyon.build-stage'] })
  await engineRequest(endpoint, 'POST', `/images/prune?filters=${encodeURIComponent(stages)}`)
}

/** Copies an image from one engine to another. */
export async function copyImage(from, to, name) {
  const body = await openRequest(from, 'GET', `/images/${name}/get`)
  await streamRequest(to, '/images/load?quiet=1', { body, headers: { 'content-type': 'application/x-tar' } })
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
