/** What `claude --output-format stream-json` writes, as far as it is shown. */
interface Message {
  type: string
  subtype?: string
  model?: string
  cwd?: string
  claude_code_version?: string
  message?: { content: string | Block[] }
  num_turns?: number
  duration_ms?: number
  error?: string
  attempt?: number
}

interface Block {
  type: string
  text?: string
  name?: string
  input?: { command?: string }
  content?: unknown
}

/** Shows one line of claude's output the way a person likes to read it. */
export function showMessage(line: string): void {
  const message = JSON.parse(line) as Message
  const { type, subtype } = message
  if (type === 'system' && subtype === 'init') {
    show('claude', `${message.claude_code_version}, ${message.model}, in ${message.cwd}`)
  } else if (type === 'system' && subtype === 'api_retry') {
    show('retry', `attempt ${message.attempt}: ${message.error}`)
  } else if (type === 'result') {
    show('result', `${subtype} after ${message.num_turns} turns, ${message.duration_ms} ms`)
  } else {
    for (const block of blocksOf(message)) showBlock(block)
  }
}

function blocksOf({ message }: Message): Block[] {
  if (message === undefined) return []
  return typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
}

function showBlock({ type, text, name, input, content }: Block): void {
  if (type === 'text') show('says', text ?? '')
  if (type === 'tool_use') show('calls', `${name}: ${input?.command ?? JSON.stringify(input)}`)
  if (type === 'tool_result') show('gets', typeof content === 'string' ? content : JSON.stringify(content))
}

function show(label: string, text: string): void {
  console.log(`${label.padEnd(7)} ${text.replaceAll('\n', '\n        ')}`)
}
