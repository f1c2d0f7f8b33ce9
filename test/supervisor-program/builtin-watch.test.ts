import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Builtins, commit, errorOf, writeFields, errno } from './builtin-tools.js'
import { decodeRecord } from './codec.js'

const { ENOENT } = errno

const here = new Builtins()

describe('file-watch', () => {
  const kinds = ['', 'ready', 'created', 'changed', 'removed', 'moved', 'overflow']
  const changesOf = (number: number) =>
    decodeRecord(here.supervisor.output(number, 1)).map(([tag, bytes]) =>
      `${kinds[tag]} ${bytes.toString().replace('\0', ' ')}`.trim(),
    )

  /** A watch that has begun; `until` resolves with all changes once one of them is there. */
  async function watch(path: string, recursive: boolean) {
    const number = here.supervisor.spawn(here.request(['file-watch', path, recursive ? '1' : '0']))
    onTestFinished(async () => {
      here.supervisor.kill(number, 9, 0)
      await here.supervisor.ended(number)
    })
    const until = async (change: string) => {
      await expect.poll(() => changesOf(number), { interval: 5 }).toContain(change)
      return changesOf(number)
    }
    await until('ready')
    return { number, until }
  }

  test('tells what becomes of a folder', async () => {
    fs.mkdirSync(here.at('sub'))
    const { until } = await watch('.', false)
    fs.writeFileSync(here.at('a'), 'x')
    await until('changed a')
    fs.chmodSync(here.at('a'), 0o600)
    fs.renameSync(here.at('a'), here.at('b'))
    fs.writeFileSync(here.at('sub/unseen'), '')
    fs.renameSync(here.at('b'), here.at('sub/b'))
    await until('removed b')
    fs.renameSync(here.at('sub/b'), here.at('c'))
    fs.rmSync(here.at('c'))
    expect(await until('removed c')).toEqual([
      ...['ready', 'created a', 'changed a', 'changed a', 'moved a b', 'removed b', 'created c', 'removed c'],
    ])
  })

  test('follows folders that come, move and go', async () => {
    fs.mkdirSync(here.at('old/deep'), { recursive: true })
    const { until } = await watch(here.folder, true)
    fs.mkdirSync(here.at('new/deep/deeper'), { recursive: true })
    await until('created new/deep/deeper')
    fs.writeFileSync(here.at('new/deep/deeper/file'), '')
    await until('created new/deep/deeper/file')
    fs.renameSync(here.at('new'), here.at('old/moved'))
    await until('moved new old/moved')
    fs.writeFileSync(here.at('old/moved/deep/deeper/second'), '')
    await until('created old/moved/deep/deeper/second')
    const outside = fs.mkdtempSync(join(tmpdir(), 'anyon-outside-'))
    onTestFinished(() => fs.rmSync(outside, { recursive: true }))
    fs.renameSync(here.at('old/moved'), join(outside, 'moved'))
    await until('removed old/moved')
    fs.writeFileSync(join(outside, 'moved/deep/unseen'), '')
    fs.rmSync(here.at('old'), { recursive: true })
    const all = await until('removed old')
    expect(all.filter((change) => change.includes('unseen'))).toEqual([])
  })

  test('of one file tells of that file alone, replaced ones too', async () => {
    fs.writeFileSync(here.at('file'), 'x')
    const { until } = await watch(here.at('file'), true)
    fs.writeFileSync(here.at('other'), 'x')
    await here.write([...writeFields('file', 'new'), commit])
    await until('changed')
    fs.rmSync(here.at('file'))
    expect(new Set(await until('removed'))).toEqual(new Set(['ready', 'changed', 'removed']))
  })

  test('does not tell of files that are being written, only of those that were', async () => {
    const { until } = await watch('.', false)
    await here.write([...writeFields('file', 'x'), commit])
    await here.write([...writeFields('last', 'x'), commit])
    expect(await until('changed last')).toEqual(['ready', 'changed file', 'changed last'])
  })

  test('ends when what it watches is gone', async () => {
    fs.mkdirSync(here.at('sub'))
    const { number } = await watch('sub', true)
    fs.rmdirSync(here.at('sub'))
    expect((await here.supervisor.ended(number)).code).toBe(0)
    expect(changesOf(number)).toEqual(['ready', 'removed'])
  })

  test('of what is not there is an error', async () => {
    expect(errorOf(await here.run('file-watch', 'none', '0'))).toEqual({ error: ENOENT, path: 'none' })
  })
})
