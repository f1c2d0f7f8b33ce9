import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { exampleArguments, linkExamples } from '../../docker/scripts/lib/run-example.mjs'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'

const label = 'anyon.example=web-terminal'

/** Ids of the example's containers, as the engine tells them. */
async function containers(): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  const { body } = await engineRequest('GET', `/containers/json?all=1&filters=${filters}`)
  return (body as { Id: string }[]).map(({ Id }) => Id)
}

async function removeAll(): Promise<void> {
  for (const id of await containers()) await engineRequest('DELETE', `/containers/${id}?force=1&v=1`)
}

/** The example, serving. */
async function startExample() {
  linkExamples()
  await removeAll()
  const child = spawn(process.execPath, exampleArguments('web-terminal', [BUSYBOX_IMAGE]), {
    env: { ...process.env, DOCKER_HOST: testEndpoint(), PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await removeAll()
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      const found = /http:\S+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', () => reject(new Error(said)))
  })
  return { child, url, exited: once(child, 'exit') }
}

/** A browser's side of one page. */
class Page {
  shown = ''
  readonly closed: Promise<unknown[]>
  private readonly socket: WebSocket
  private look = () => {}

  constructor(url: string, origin = url) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/terminal?columns=100&rows=30`, { origin })
    this.closed = once(this.socket, 'close')
    this.closed.catch(() => {})
    this.socket.on('message', (data: Buffer) => {
      this.shown += data.toString()
      this.look()
    })
  }

  opened(): Promise<unknown> {
    return once(this.socket, 'open')
  }

  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.shown)) await new Promise<void>((resolve) => (this.look = resolve))
  }

  type(keys: string): void {
    this.socket.send(Buffer.from(keys))
  }

  resize(columns: number, rows: number): void {
    this.socket.send(JSON.stringify({ columns, rows }))
  }

  close(): void {
    this.socket.close()
  }
}

async function untilContainers(count: number): Promise<void> {
  await expect.poll(async () => (await containers()).length, { timeout: 15_000, interval: 100 }).toBe(count)
}

test(
  'the web terminal: a shell and a container for each page, gone when either ends',
  { timeout: 60_000 },
  async () => {
    const { child, url, exited } = await startExample()
    const html = await (await fetch(url)).text()
    expect(html).toContain('xterm.js')
    expect((await fetch(`${url}/xterm.js`)).status).toBe(200)
    expect((await fetch(`${url}/../package.json`)).status).toBe(404)

    const stranger = new Page(url, 'http://example.com')
    await expect(stranger.opened()).rejects.toThrow('401')

    const [one, two] = [new Page(url), new Page(url)]
    await Promise.all([one.opened(), two.opened()])
    one.type('stty size; hostname; echo "co""lumns"\r')
    await one.shows(/30 100\r\n\w+\r\ncolumns/)
    one.resize(77, 11)
    one.type('stty size\r')
    await one.shows(/11 77/)
    await two.shows(/# /)
    expect(await containers()).toHaveLength(2)

    one.type('exit 3\r')
    const [code, reason] = (await one.closed) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([1000, 'exited 3'])
    await untilContainers(1)
    two.close()
    await untilContainers(0)

    const three = new Page(url)
    await three.shows(/# /)
    child.kill('SIGINT')
    expect(((await three.closed) as [number])[0]).toBe(1001)
    expect(await exited).toEqual([0, null])
    expect(await containers()).toEqual([])
  },
)
