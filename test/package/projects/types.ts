import {
  DockerHarness,
  DockerRunner,
  HostRunner,
  type CommandExit,
  type ContainerExit,
} from '@anyon/containers'

export async function use(): Promise<[ContainerExit, CommandExit]> {
  const harness = await DockerHarness.connect()
  const container = await harness.create({ image: 'busybox', command: ['true'] })
  const runner = new DockerRunner({ harness, container: 'some' })
  const result = await runner.run(['true'], { timeoutMs: 1000 })
  const code: number | undefined = result.exit.code
  // @ts-expect-error the code may be unknown
  const never: number = result.exit.code
  // @ts-expect-error argv is an array, never a string
  await runner.run('true')
  // @ts-expect-error there is no such option
  new HostRunner({ nonsense: true })
  void [code, never]
  return [await container.wait(), result.exit]
}
