import { MemorySecretStore, secretEnv, secretFile } from '@anyon/containers'
import { openWorkbench, repeated } from './support/workbench.mjs'

const REPEATS = 16

export const name = 'secrets'
export const unit = 'ms'
export const rounds = 21
export const bars = [
  {
    what: '`true` with 5 secrets delivered, destroyed and verified',
    of: 'with 5 secrets',
    against: 'without',
    atMost: 2,
  },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const names = ['a', 'b', 'c', 'd', 'e']
  const secretStore = new MemorySecretStore(
    Object.fromEntries(names.map((name) => [name, `value-of-${name}-0123456789`])),
  )
  const { runner } = await bench.container({}, { secretStore })
  const secrets = [secretEnv('A', 'a'), ...names.slice(1).map((name) => secretFile(name, name))]
  return {
    'with 5 secrets': repeated(REPEATS, async () => {
      const { exit } = await runner.run(['/bin/true'], { secrets })
      if (!exit.secrets?.verified) throw new Error('the secrets are not verified gone')
    }),
    without: repeated(REPEATS, async () => {
      const { exit } = await runner.run(['/bin/true'])
      if (!exit.succeeded) throw new Error('true failed')
    }),
  }
}

export const close = () => bench?.close()
