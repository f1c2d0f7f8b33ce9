import { expect, test } from 'vitest'
import type { CommandExit } from '../../src/command/command-exit.js'
import { waitForLog } from '../../src/command/wait-for-log.js'
import { createDeferred } from '../../src/internal/deferred.js'
import { createByteStream } from '../../src/streaming/byte-stream.js'

const ended: CommandExit = { reason: 'exited', code: 3, succeeded: false, evidence: 'wait4' }

function running() {
  const exit = createDeferred<CommandExit>()
  const streams = { stdout: createByteStream(), stderr: createByteStream() }
  const wait = (pattern: string | RegExp, options = {}) =>
    waitForLog({ argv: ['server'], exit: exit.promise }, streams, pattern, options)
  return {
    exit,
    wait,
    say: (text: string, stream: 'stdout' | 'stderr' = 'stdout') => streams[stream].push(Buffer.from(text)),
    streams,
  }
}

test('resolves with the first line that matches, of either stream, however it is cut', async () => {
  const { wait, say, streams } = running()
  const line = wait(/ready on (\d+)/g)
  const stderr = wait(/^warn/, { stream: 'stderr' })
  say('warn: not this one\nrea')
  say('dy on ')
  say('3000\r\nready on 4000\n')
  say('warn: that one\n', 'stderr')
  expect(await line).toBe('ready on 3000')
  expect(await stderr).toBe('warn: that one')
  const seen: Buffer[] = []
  streams.stdout.end()
  for await (const chunk of streams.stdout.readable) seen.push(chunk as Buffer)
  expect(Buffer.concat(seen).toString()).toBe('warn: not this one\nready on 3000\r\nready on 4000\n')
})

test('matches a last line without an end, else says how the command ended', async () => {
  const { wait, say, exit } = running()
  const last = wait(/last/)
  const none = wait(/none/)
  say('the last')
  exit.resolve(ended)
  expect(await last).toBe('the last')
  await expect(none).rejects.toMatchObject({
    code: 'COMMAND_ENDED',
    details: { exit: ended },
    message: expect.stringContaining('server ended before: exited (code 3)') as string,
  })
})

test('rejects when time is over or its signal is aborted', async () => {
  const { wait } = running()
  await expect(wait(/x/, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  const abort = new AbortController()
  const waiting = wait(/x/, { signal: abort.signal })
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  for (const bad of ['', 7, undefined] as string[]) {
    await expect(wait(bad)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
  const late = {
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringContaining('output that has "a.c"') as string,
  }
  await expect(wait('a.c', { timeoutMs: 20 })).rejects.toMatchObject(late)
  await expect(wait(/x/, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('takes text as it is, and long lines in pieces', async () => {
  const { wait, say, streams } = running()
  Object.assign(streams, { maxLineBytes: 8 })
  const line = wait('a.c')
  say('abc\nxxxxxxxxa.c and more\n')
  expect(await line).toBe('a.c and ')
})
