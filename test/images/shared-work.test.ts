import { expect, it } from 'vitest'
import { SharedWork } from '../../src/images/shared-work.js'
import { createDeferred } from '../../src/internal/deferred.js'

it('is aborted when the last who asked has left, not before, and begins anew then', async () => {
  const shared = new SharedWork<number, never>()
  const signals: AbortSignal[] = []
  const gate = createDeferred<void>()
  const join = (signal?: AbortSignal): Promise<number> =>
    shared.join(
      'key',
      'Working',
      async (_, given) => {
        const turn = signals.push(given)
        await gate.promise
        return turn
      },
      { signal },
    )
  const [one, two] = [new AbortController(), new AbortController()]
  const left = [join(one.signal), join(two.signal)].map((work) =>
    expect(work).rejects.toMatchObject({ code: 'ABORTED' }),
  )
  one.abort()
  await left[0]
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  two.abort()
  await left[1]
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  const again = join()
  gate.resolve()
  expect(await again).toBe(2)
})
