import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { childProcess } from './child-process.js'
import { ContainersError } from '../../errors/containers-error.js'
import { streamTransport, type Holder } from '../../supervisor/transport.js'
import { FirstWords } from '../first-words.js'
import type { PlaceDefaults, StreamOpener } from '../place.js'

/** Starts the supervisor as a child of this process; it ends, with its commands, when this process does. */
export function hostOpener(binary: string, defaults: PlaceDefaults): StreamOpener {
  return () => {
    const child = childProcess().spawn(binary, ['stdio'], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const said = new FirstWords()
    child.stderr.on('data', (bytes: Buffer) => said.push(bytes))
    let problem: Error | undefined
    child.on('error', (error) => {
      problem = error
      child.stdout.destroy()
    })
    const transport = streamTransport(child.stdout, child.stdin, {
      holders: [child, ...([child.stdin, child.stdout, child.stderr] as Holder[])],
    })
    const complaint = () => problem?.message ?? said.text
    const why = () => complaint() || ending(child)
    return Promise.resolve({
      transport,
      defaults,
      // A pipe cannot be half dead; a command may have stopped a supervisor that has its own user.
      mayBeSilent: () => {
        if (child.pid !== undefined && child.exitCode === null) process.kill(child.pid, 'SIGCONT')
        return Promise.resolve(true)
      },
      complaint,
      explainLoss: () => Promise.resolve({ reason: 'unknown', explanation: `The supervisor ${why()}.` }),
      explainRefusal: (lost) =>
        Promise.resolve(
          new ContainersError(
            'SUPERVISOR_UNAVAILABLE',
            `The supervisor at ${binary} could not be started: ${why()}.`,
            { cause: problem ?? lost },
          ),
        ),
    })
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

function ending({ exitCode, signalCode }: Child): string {
  return `ended (${signalCode ?? (exitCode === null ? 'its streams were closed' : `code ${exitCode}`)})`
}
