import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { decodeRecord, encodeRecord, numberOf, type Field } from './codec.js'
import { SupervisorProcess, type Ended, type SpawnRequest } from './supervisor-process.js'

export const errno = {
  ENOENT: 2, ENXIO: 6, EACCES: 13, EEXIST: 17, EXDEV: 18, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, EFBIG: 27,
  ENAMETOOLONG: 36, ENOTEMPTY: 39, ELOOP: 40, ECANCELED: 125,
} as const // prettier-ignore

export const builtinFlag = 8
/** A user without rights, where commands can be given one. */
export const nobody = process.getuid?.() === 0 ? '65534:65534' : undefined

/** A supervisor for all tests of a file, and a folder of its own for each. */
export class Builtins {
  supervisor!: SupervisorProcess
  folder!: string

  constructor() {
    // For a sanitized build on a busy machine.
    vi.setConfig({ testTimeout: 30_000 })
    beforeAll(async () => {
      this.supervisor = await SupervisorProcess.open()
    })
    afterAll(async () => {
      expect(await this.supervisor.close()).toBe(0)
    })
    beforeEach(() => {
      this.folder = fs.mkdtempSync(join(tmpdir(), 'anyon-builtins-'))
      fs.chmodSync(this.folder, 0o755)
    })
    afterEach(() => fs.rmSync(this.folder, { recursive: true, force: true }))
  }

  request(argv: (string | Buffer)[], user?: string): SpawnRequest {
    return { argv, cwd: this.folder, flags: builtinFlag, ...(user !== undefined && { user }) }
  }

  run(...argv: (string | Buffer)[]): Promise<Ended> {
    return this.supervisor.run(this.request(argv))
  }

  runAs(user: string | undefined, ...argv: (string | Buffer)[]): Promise<Ended> {
    return this.supervisor.run(this.request(argv, user))
  }

  write(fields: Field[], user?: string): Promise<Ended> {
    return this.supervisor.run(this.request(['file-write'], user), encodeRecord(fields))
  }

  at(name: string): string {
    return join(this.folder, name)
  }

  content(name: string): string {
    return fs.readFileSync(this.at(name), 'utf8')
  }
}

/** What a builtin that failed says of it. */
export function errorOf(end: Ended): { error: number | undefined; path: string | undefined } {
  expect(end.code).toBe(1)
  const fields = decodeRecord(end.stderr)
  return { error: numberOf(fields, 1), path: fields.find(([tag]) => tag === 2)?.[1].toString() }
}

/** What file-write is sent for a file, but for its commit. */
export function writeFields(path: string, text: string | Buffer, ...before: Field[]): Field[] {
  return [...before, [3, Buffer.from(path)], [4, Buffer.from(text as string)]]
}

export const commit: Field = [5, Buffer.alloc(0)]
