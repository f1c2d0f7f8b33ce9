// A live terminal in the browser, in a container of its own for each page: `npm run example web-terminal [image]`.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DockerHarness, DockerRunner, isContainersError, type Command } from '@anyon/containers'
import { WebSocketServer, type WebSocket } from 'ws'

const IMAGE = process.argv[2] ?? 'busybox'

const FILES: Record<string, { type: string; path: string }> = {
  '/': { type: 'text/html', path: join(__dirname, 'web-terminal.html') },
  '/xterm.js': { type: 'text/javascript', path: require.resolve('@xterm/xterm/lib/xterm.js') },
  '/xterm.css': { type: 'text/css', path: require.resolve('@xterm/xterm/css/xterm.css') },
}

/** One page: a container, a shell in a terminal, and a socket that closes with whichever goes first. */
async function serve(harness: DockerHarness, socket: WebSocket, request: IncomingMessage): Promise<void> {
  socket.pause() // until there is something to type into
  const left = new AbortController()
  socket.once('close', () => left.abort())
  const asked = new URL(request.url ?? '', 'http://localhost').searchParams
  const terminal = { columns: Number(asked.get('columns')), rows: Number(asked.get('rows')) }

  await using container = await harness.create({
    image: IMAGE,
    init: 'supervisor',
    network: 'none',
    limits: { cpus: 1, memoryBytes: 512 * 1024 ** 2, pids: 100 },
    labels: { 'anyon.example': 'web-terminal' },
  })
  await container.start()
  await using runner = new DockerRunner({ harness, container })
  await using shell = runner.spawn(['sh', '-i'], { terminal, signal: left.signal })

  // Bytes are what was typed, text is a new size.
  socket.on('message', (data: Buffer, isBytes: boolean) => {
    if (isBytes) shell.stdin.write(data)
    else resize(shell, data.toString())
  })
  socket.resume()
  for await (const bytes of shell.stdout) {
    // Waits for a slow browser, and so does the shell.
    await new Promise((sent) => socket.send(bytes as Uint8Array, sent))
  }
  const { reason, code, signal } = await shell.exit
  socket.close(1000, `${reason} ${code ?? signal ?? ''}`.trim())
}

function resize(shell: Command, text: string): void {
  try {
    shell.resize(JSON.parse(text) as { columns: number; rows: number })
  } catch (error) {
    // The browser may not know yet that the shell has ended.
    if (!isContainersError(error, 'COMMAND_ENDED')) console.error(error)
  }
}

async function main(): Promise<void> {
  await using harness = await DockerHarness.connect()
  const server = createServer((request, response) => {
    const file = FILES[request.url ?? '']
    if (!file) return void response.writeHead(404).end()
    readFile(file.path).then(
      (content) => response.writeHead(200, { 'content-type': file.type }).end(content),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((listening) =>
    server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', listening),
  )
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`

  // Any page in the browser may open a socket to here; only ours may use it.
  const verifyClient = (info: { origin: string }) => info.origin === origin
  const sockets = new WebSocketServer({ server, path: '/terminal', verifyClient })
  const pages = new Set<Promise<void>>()
  sockets.on('connection', (socket, request) => {
    const page = serve(harness, socket, request).catch((error: unknown) => {
      console.error(error)
      socket.close(1011, 'The terminal could not be opened.')
    })
    pages.add(page)
    void page.then(() => pages.delete(page))
  })
  console.log(`A terminal in ${IMAGE}: ${origin} (Ctrl-C ends it and all its containers)`)

  await new Promise((interrupted) => process.once('SIGINT', interrupted))
  for (const socket of sockets.clients) socket.close(1001, 'The server was stopped.')
  await Promise.all(pages)
  server.close()
  server.closeAllConnections()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
