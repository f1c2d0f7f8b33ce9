import type { SupervisorMount } from '../../src/delivery/supervisor-volume.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { engineRequest, testLabels } from '../support/engine.js'

/** What the engine's create call takes; the containers here are not made by the code under test. */
export interface CreateBody {
  Image: string
  Cmd?: string[]
  Entrypoint?: string[]
  Env?: string[]
  User?: string
  WorkingDir?: string
  Labels?: Record<string, string>
  OpenStdin?: boolean
  HostConfig?: Record<string, unknown>
}

export interface TestContainer {
  readonly id: string
  act(action: string): Promise<void>
  remove(): Promise<void>
}

/** Creates and starts a container by plain requests to the engine. */
export async function startContainer(body: CreateBody): Promise<TestContainer> {
  const created = await engineRequest('POST', '/containers/create', {
    ...body,
    Labels: { ...testLabels(), ...body.Labels },
  })
  if (created.status !== 201) throw new Error(`create: ${JSON.stringify(created)}`)
  const { Id: id } = created.body as { Id: string }
  const act = async (action: string) => {
    const { status, body } = await engineRequest('POST', `/containers/${id}/${action}`)
    if (status >= 400) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`)
  }
  const remove = async () => void (await engineRequest('DELETE', `/containers/${id}?force=1&v=1`))
  try {
    await act('start')
  } catch (error) {
    await remove()
    throw error
  }
  return { id, act, remove }
}

/** The body's part that makes the supervisor process 1, as a harness does. */
export function supervised(volume: SupervisorMount, user?: string): Partial<CreateBody> {
  const { mount, entrypoint } = volume
  if (mount.type !== 'volume') throw new Error('not a volume')
  return {
    Entrypoint: entrypoint,
    User: '0',
    OpenStdin: true,
    Labels: { 'anyon.init': 'supervisor', ...(user !== undefined && { 'anyon.user': user }) },
    HostConfig: {
      Mounts: [
        {
          Type: 'volume',
          Source: mount.source,
          Target: mount.target,
          ReadOnly: mount.readOnly,
          VolumeOptions: { NoCopy: true },
        },
      ],
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'KILL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 500,
      LogConfig: { Type: 'none' },
    },
  }
}

export async function engineArchitecture(engine: ContainerEngine): Promise<string> {
  return (await engine.version()).architecture
}
