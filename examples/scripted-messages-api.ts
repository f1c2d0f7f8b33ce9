import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'

/** A Messages API that always plays the same turn: it asks for one Bash command, then closes with a text. */
export interface ScriptedApi {
  readonly port: number
  /** What its callers showed: API keys and bearer tokens. */
  readonly tokens: ReadonlySet<string>
  close(): Promise<void>
}

/** What the scripted model asks for, and what it says when it has the result. */
export interface Script {
  command: string
  closing: string
}

/** Serves the script at the address that a container knows as `host-gateway`. */
export async function serveScriptedApi(script: Script, gateway: string): Promise<ScriptedApi> {
  const tokens = new Set<string>()
  const server = createServer((request, response) => {
    const { 'x-api-key': key, authorization = '' } = request.headers
    for (const token of [key, authorization.replace(/^Bearer /, '')].flat()) if (token) tokens.add(token)
    answer(request, response, script).catch((error: unknown) => response.destroy(error as Error))
  })
  await listen(server, gateway).catch(() => listen(server, '127.0.0.1'))
  return {
    port: (server.address() as AddressInfo).port,
    tokens,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The gateway is this machine's own address on the engine's bridge; Docker Desktop passes it on to loopback. */
function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, address, resolve)
  })
}

interface MessagesRequest {
  model: string
  tools?: { name: string }[]
  messages: { content: string | { type: string }[] }[]
}

async function answer(request: IncomingMessage, response: ServerResponse, script: Script): Promise<void> {
  let body = ''
  for await (const text of request.setEncoding('utf8')) body += text
  const { pathname } = new URL(request.url ?? '/', 'http://api')
  if (request.method !== 'POST' || pathname !== '/v1/messages') {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ type: 'error', error: { type: 'not_found_error', message: pathname } }))
    return
  }
  const conversation = JSON.parse(body) as MessagesRequest
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of turn(conversation, script)) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

function turn(
  { model, tools = [], messages }: MessagesRequest,
  script: Script,
): { type: string; [field: string]: unknown }[] {
  const hasResult = messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'tool_result'),
  )
  const callsTool = !hasResult && tools.some(({ name }) => name === 'Bash')
  const input = { command: script.command, description: 'Write the file' }
  const block = callsTool
    ? { type: 'tool_use', id: 'toolu_scripted_1', name: 'Bash', input: {} }
    : { type: 'text', text: '' }
  const delta = callsTool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(input) }
    : { type: 'text_delta', text: script.closing }
  const message = {
    ...{ id: `msg_scripted_${messages.length}`, type: 'message', role: 'assistant', model, content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
  }
  const end = { stop_reason: callsTool ? 'tool_use' : 'end_turn', stop_sequence: null }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: end, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
}
