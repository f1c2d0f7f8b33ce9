import { spawn } from 'node:child_process'
import { engineRequest, streamRequest } from './engine-api.mjs'

/** What the engine says about an image, or undefined when it has none of that name. */
export async function inspectImage(endpoint, name) {
  const { status, body } = await engineRequest(endpoint, 'GET', `/images/${name}/json`)
  return status === 200 ? body : undefined
}

/** Pulls an image; rejects when the registry has not begun to answer within `timeoutMs`. */
export async function pullImage(endpoint, name, { timeoutMs = 15_000 } = {}) {
  const query = new URLSearchParams(nameAndTag(name, 'fromImage'))
  await streamRequest(endpoint, `/images/create?${query}`, { timeoutMs })
}

/** Makes an image of one layer out of a tar stream. `changes` are Dockerfile instructions. */
export async function importImage(endpoint, name, tar, changes = []) {
  const query = new URLSearchParams({ fromSrc: '-', ...nameAndTag(name, 'repo') })
  for (const change of changes) query.append('changes', change)
  await streamRequest(endpoint, `/images/create?${query}`, { body: tar, headers: TAR })
}

const TAR = { 'content-type': 'application/x-tar' }

function nameAndTag(image, nameKey) {
  const [name, tag = 'latest'] = image.split(':')
  return { [nameKey]: name, tag }
}

/** Builds an image from a folder; `onStep` is told each instruction. */
export async function buildImage(endpoint, folder, { tags, buildArgs, labels, onStep }) {
  const query = new URLSearchParams({
    buildargs: JSON.stringify(buildArgs),
    labels: JSON.stringify(labels),
    rm: '1',
    forcerm: '1',
  })
  for (const tag of tags) query.append('t', tag)
  let output = ''
  const onMessage = ({ stream = '' }) => {
    output = (output + stream).slice(-4000)
    if (/^Step \d+\/\d+ /.test(stream)) onStep(stream.trim().slice(0, 100))
  }
  try {
    await streamRequest(endpoint, `/build?${query}`, { body: tarOf(folder), headers: TAR, onMessage })
  } catch (error) {
    throw new Error(`${tags[0]} could not be built: ${error.message}\n${output}`)
  }
}

/** A folder's content as a tar stream; an error of tar becomes the stream's. */
export function tarOf(folder) {
  const child = spawn('tar', ['--numeric-owner', '-C', folder, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, COPYFILE_DISABLE: '1' },
  })
  child.once('error', (error) => child.stdout.destroy(error))
  child.once('exit', (code) => {
    if (code !== 0) child.stdout.destroy(new Error(`tar of ${folder} ended with ${code}`))
  })
  return child.stdout
}
