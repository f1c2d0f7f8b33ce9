import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ContainerEngine } from '../container-engine.js'
import type { Calls } from './calls.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'
import { upgraded } from './upgraded.js'

type ExecCalls = Pick<ContainerEngine, 'createExec' | 'startExec' | 'inspectExec'>

/** Commands by the engine's own exec. */
export function execCalls(calls: Calls): ExecCalls {
  /** The start has to say again whether there is a terminal, and its word decides on the framing. */
  const withTerminal = new Set<string>()
  return {
    createExec: (id, { argv, env, user, workingDir, stdin, terminal = false }, options) =>
      calls.unary(
        { thing: 'container', name: id, action: 'create an exec in' },
        options,
        async (abortSignal) => {
          const container = calls.docker.getContainer(pathPart('container', id))
          const exec = await container.exec({
            Cmd: [...argv],
            AttachStdin: stdin,
            AttachStdout: true,
            AttachStderr: true,
            Tty: terminal,
            ...(env && { Env: Object.entries(env).map(([name, value]) => `${name}=${value}`) }),
            ...(user !== undefined && { User: user }),
            ...(workingDir !== undefined && { WorkingDir: workingDir }),
            abortSignal,
          })
          if (terminal) withTerminal.add(exec.id)
          return exec.id
        },
      ),
    startExec: (execId, options) => {
      const subject: Subject = { thing: 'exec', name: execId, action: 'start' }
      const exec = calls.docker.getExec(pathPart('exec', execId))
      return calls.stream(subject, options, async (abortSignal) => {
        const body = { Detach: false, Tty: withTerminal.delete(execId) }
        const answer = await exec.start({ _body: body, hijack: true, abortSignal } as object)
        return upgraded(answer as Duplex | IncomingMessage, subject)
      })
    },
    inspectExec: (execId, options) =>
      calls.unary({ thing: 'exec', name: execId, action: 'inspect' }, options, async (abortSignal) => {
        const info = await calls.docker.getExec(pathPart('exec', execId)).inspect({ abortSignal })
        const exitCode = info.ExitCode as number | null | undefined
        return {
          running: info.Running,
          ...(typeof exitCode === 'number' && !info.Running && { exitCode }),
          pid: info.Pid ?? 0,
        }
      }),
  }
}
