import { dirname, join } from 'node:path'
import { ContainersError } from '../errors/containers-error.js'
import { asyncFiles, crypto, files, url } from '../internal/builtins.js'

/** What engines and Node call an architecture, by the name that the binary carries. */
const names: Readonly<Record<string, 'x64' | 'arm64'>> = {
  x64: 'x64', amd64: 'x64', x86_64: 'x64', arm64: 'arm64', aarch64: 'arm64',
} // prettier-ignore

/** A supervisor, ready to be brought somewhere. */
export interface SupervisorBinary {
  readonly bytes: Buffer
  /** The first 16 hexadecimal digits of its SHA-256: names of what holds it carry this. */
  readonly hash: string
}

const loaded = new Map<string, Promise<SupervisorBinary>>()

/**
 * The file of the supervisor for an architecture, as an engine or Node names it.
 *
 * @throws `SUPERVISOR_UNAVAILABLE`
 */
export function supervisorPath(architecture: string): string {
  const name = names[architecture]
  const file = `anyon-supervisor-linux-${name}`
  const path = name && candidates(file).find((candidate) => files().existsSync(candidate))
  if (path) return path
  throw new ContainersError(
    'SUPERVISOR_UNAVAILABLE',
    name
      ? `The supervisor for ${architecture} is not part of this installation (${file} is missing beside the library). Install the package again, or run npm run build:supervisor in its repository.`
      : `There is no supervisor for the architecture ${architecture}: it exists for x86-64 and arm64. Use plain exec (container.exec) there.`,
    { details: { architecture } },
  )
}

/** The supervisor for an architecture; read once. */
export function supervisorBinary(architecture: string): Promise<SupervisorBinary> {
  const path = supervisorPath(architecture)
  const known = loaded.get(path) ?? readBinary(path)
  loaded.set(path, known)
  known.catch(() => loaded.delete(path))
  return known
}

async function readBinary(path: string): Promise<SupervisorBinary> {
  const bytes = await asyncFiles().readFile(path)
  return { bytes, hash: crypto().createHash('sha256').update(bytes).digest('hex').slice(0, 16) }
}

/** Beside the built library, or in the repository's dist where the sources themselves run. */
function candidates(file: string): string[] {
  const here = moduleFolder()
  return [
    join(here, 'supervisor', file),
    join(dirname(here), 'supervisor', file),
    join(here, '..', '..', 'dist', 'supervisor', file),
  ]
}

/** Where this module lies: the CommonJS build has `__dirname`, the other has `import.meta.url`. */
function moduleFolder(): string {
  return typeof __dirname === 'string' ? __dirname : dirname(url().fileURLToPath(import.meta.url))
}
