import { DockerHarness } from '@anyon/containers'
import { loadSource } from '../../support/load-source.mjs'

/** A harness of the workbench's engine, whose connections are cut after so many bytes each: `only` those that match. */
export async function openBadConnection(bench, only, cutAfterBytes) {
  const { startFaultProxy } = await loadSource('test/support/fault-proxy.ts')
  const proxy = await startFaultProxy(bench.endpoint, { only, cutAfterBytes })
  const harness = await DockerHarness.connect({ host: proxy.endpoint })
  return {
    harness,
    /** How many of them there were. */
    opened: () => proxy.requests.filter((line) => only.test(line)).length,
    /** Cuts no more. */
    mend: () => void (proxy.faults = {}),
    async close() {
      await harness.close()
      await proxy.close()
    },
  }
}
