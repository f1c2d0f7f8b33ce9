import type * as Crypto from 'node:crypto'
import type * as Files from 'node:fs'
import type * as AsyncFiles from 'node:fs/promises'
import type * as Net from 'node:net'
import type * as Os from 'node:os'
import type * as Stream from 'node:stream'
import type * as Timers from 'node:timers/promises'
import type * as Url from 'node:url'
import { lazy } from './lazy.js'

/** A built-in module that is loaded when it is first used, since importing the package is to stay light. */
export function lazyBuiltin<Module>(name: string): () => Module {
  return lazy(() => process.getBuiltinModule(name) as Module)
}

export const crypto = lazyBuiltin<typeof Crypto>('node:crypto')
export const files = lazyBuiltin<typeof Files>('node:fs')
export const asyncFiles = lazyBuiltin<typeof AsyncFiles>('node:fs/promises')
export const net = lazyBuiltin<typeof Net>('node:net')
export const os = lazyBuiltin<typeof Os>('node:os')
export const nodeStream = lazyBuiltin<typeof Stream>('node:stream')
export const timers = lazyBuiltin<typeof Timers>('node:timers/promises')
export const url = lazyBuiltin<typeof Url>('node:url')
