import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { supervisorPath } from '../../src/delivery/supervisor-binary.js'
import { supervisedCapabilities } from '../../src/runners/docker-runner.js'
import { hostOpener } from '../../src/runners/host/host-opener.js'
import { hostDefaults } from '../../src/runners/host/host-place.js'
import { SupervisedRunner } from '../../src/runners/supervised-runner.js'

/** A runner whose supervisor may have so much memory of its own, and no more. */
function withMemory(kibibytes: number): SupervisedRunner {
  const folder = mkdtempSync(join(tmpdir(), 'anyon-shortage-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const limited = join(folder, 'supervisor')
  writeFileSync(limited, `#!/bin/sh\nulimit -d ${kibibytes}\nexec ${supervisorPath(process.arch)} "$@"\n`)
  chmodSync(limited, 0o755)
  const runner = new SupervisedRunner(hostOpener(limited, hostDefaults({ cwd: '/' })), supervisedCapabilities)
  onTestFinished(() => runner.close())
  return runner
}

test('a command for which there is no memory is refused as such, and runs when there is some again', async () => {
  const runner = withMemory(2000)
  const large = ['true', ...Array.from({ length: 8 }, () => 'x'.repeat(100_000))]
  expect((await runner.run(large)).exit).toMatchObject({ reason: 'exited', code: 0 })
  // Each has the supervisor hold what does not fit into its pipe.
  const holders = Array.from({ length: 20 }, () => runner.spawn(['sleep', '600'], { stdin: 'pipe' }))
  await Promise.all(holders.map(({ started }) => started))
  for (const { stdin } of holders) stdin.write(Buffer.alloc(256 << 10))
  expect(await refusalOf(() => runner.run(large))).toMatchObject({
    name: 'SpawnError',
    stage: 'fork',
    details: { errno: 'ENOMEM', exhausted: 'memory' },
    message: expect.stringContaining('There is no memory left') as string,
  })
  await Promise.all(holders.map((holder) => holder.kill({ graceMs: 0 })))
  expect((await runner.run(large)).exit).toMatchObject({ reason: 'exited', code: 0 })
})

/** It takes the holders a moment to be given what they do not read. */
async function refusalOf(run: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const refusal = await run().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (refusal !== undefined) return refusal
  }
}
