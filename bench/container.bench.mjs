import { BUSYBOX_IMAGE, labels, openWorkbench, timed } from './support/workbench.mjs'

const COMMAND = ['sleep', '1000']

export const name = 'container'
export const unit = 'ms'
export const rounds = 25
export const bars = [
  { what: 'create, start, remove', against: 'dockerode', atMost: 1.05 },
  { what: 'create, start, remove, with a supervisor', of: 'with a supervisor', against: 'dockerode' },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker, harness } = bench
  const cycle = (options) => () =>
    timed(async () => {
      const container = await harness.create({ image: BUSYBOX_IMAGE, labels, ...options })
      try {
        await container.start()
      } finally {
        await container.remove({ force: true })
      }
    })
  return {
    ours: cycle({ command: COMMAND }),
    'with a supervisor': cycle({ init: 'supervisor' }),
    dockerode: () =>
      timed(async () => {
        const HostConfig = { Init: true }
        const options = { Image: BUSYBOX_IMAGE, Labels: labels, Cmd: COMMAND, HostConfig }
        const container = await docker.createContainer(options)
        try {
          await container.start()
        } finally {
          await container.remove({ force: true, v: true })
        }
      }),
  }
}

export const close = () => bench?.close()
