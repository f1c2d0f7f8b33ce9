// The real Claude Code CLI in a container, through one whole turn: `npm run quickstart`.
import { claudeCredential, DockerHarness, DockerRunner, MemorySecretStore } from '@anyon/containers'
import { chooseService } from './choose-service'
import { showMessage } from './show-message'

const PROMPT = 'Write a short greeting into hello.txt with one shell command, then say what you did.'

async function main(): Promise<void> {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort())

  await using harness = await DockerHarness.connect()
  await using container = await harness.create({
    image: 'anyon-claude',
    init: 'supervisor',
    extraHosts: ['host.docker.internal:host-gateway'],
    pullPolicy: 'never',
  })
  await container.start()
  const secretStore = new MemorySecretStore()
  await using runner = new DockerRunner({ harness, container, secretStore })
  await using service = await chooseService(runner)
  secretStore.set('claude/ann', service.token)
  console.log(`${service.description}\n\nprompt  ${PROMPT}`)

  const claude = [
    'claude',
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    '--dangerously-skip-permissions',
  ]
  const command = runner.spawn(claude, {
    stdin: PROMPT,
    cwd: '/workspace',
    env: service.env,
    secrets: [claudeCredential({ secret: 'claude/ann', as: service.as })],
    timeoutMs: 600_000,
    signal: interrupt.signal,
  })
  for await (const line of command.lines('stdout')) showMessage(line)
  const exit = await command.exit

  const { stdout: file } = await runner.run(['cat', '/workspace/hello.txt'])
  console.log(`\nhello.txt in /workspace: ${file.trimEnd() || '(not there)'}`)
  const how = exit.code === undefined ? (exit.signal ?? '') : `code ${exit.code}`
  console.log(`exit: ${exit.reason} ${how} (rests on: ${exit.evidence})`)
  const gone = exit.secrets?.verified === true
  console.log(`secrets: ${gone ? 'verified gone' : 'NOT verified gone'}`)
  if (service.sawToken() !== undefined) console.log(`the API saw exactly the token: ${service.sawToken()}`)
  if (exit.succeeded && file !== '' && gone && service.sawToken() !== false) return
  console.error(await command.text('stderr'))
  process.exitCode = 1
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
