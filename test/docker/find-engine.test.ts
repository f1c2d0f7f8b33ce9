import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { candidates, findEngine, OWN_ENDPOINT } from '../../docker/scripts/lib/find-engine.mjs'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'anyon-home-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function writeContext(name: string, endpoint: string): void {
  const folder = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'meta.json'),
    JSON.stringify({ Name: name, Endpoints: { docker: { Host: endpoint } } }),
  )
}

test('an engine named for the tests is the only place', () => {
  const env = { ANYON_TEST_ENGINE: 'tcp://10.0.0.1:2375', DOCKER_HOST: 'unix:///a.sock' }
  expect(candidates(env, home)).toEqual([{ endpoint: 'tcp://10.0.0.1:2375', from: 'ANYON_TEST_ENGINE' }])
})

test('DOCKER_HOST, then the current context, then the usual sockets, then our own', () => {
  writeContext('lab', 'unix:///lab.sock')
  writeContext('other', 'unix:///other.sock')
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: 'lab' }))
  const endpoints = (env: NodeJS.ProcessEnv) => candidates(env, home, 1000).map(({ endpoint }) => endpoint)
  expect(endpoints({ DOCKER_HOST: 'unix:///a.sock' }).slice(0, 4)).toEqual([
    'unix:///a.sock',
    'unix:///lab.sock',
    'unix:///var/run/docker.sock',
    'unix:///run/user/1000/docker.sock',
  ])
  expect(endpoints({ DOCKER_CONTEXT: 'other' })[0]).toBe('unix:///other.sock')
  expect(endpoints({ DOCKER_CONTEXT: 'default' })[0]).toBe('unix:///var/run/docker.sock')
  expect(endpoints({}).at(-1)).toBe(OWN_ENDPOINT)
})

test('the first place that answers is taken, and each before it says why not', async () => {
  const server = createServer((request, response) => response.end(request.url === '/_ping' ? 'OK' : 'no'))
  const socket = join(home, 'engine.sock')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const dead = join(home, 'dead.sock')
  writeFileSync(dead, '')
  try {
    const places = [join(home, 'missing.sock'), dead, socket].map((path) => ({
      endpoint: `unix://${path}`,
      from: 'test',
    }))
    const { engine, tried } = await findEngine([...places, { endpoint: 'ssh://host', from: 'test' }])
    expect(engine?.endpoint).toBe(`unix://${socket}`)
    expect(tried.map(({ why }) => why)).toEqual(['no such socket', 'ECONNREFUSED'])
    const none = await findEngine([{ endpoint: 'ssh://host', from: 'test' }])
    expect(none.engine).toBeUndefined()
    expect(none.tried[0]?.why).toMatch(/unix:\/\/ or tcp:\/\//)
  } finally {
    server.close()
  }
})
