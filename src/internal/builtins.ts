import type * as Crypto from 'node:crypto'
import { createRequire } from 'node:module'
import type * as Net from 'node:net'

const load = createRequire(import.meta.url)

/** A module that takes milliseconds to load, while importing the package is to stay light: loaded when first used. */
export function lazyBuiltin<Module>(name: string): () => Module {
  let loaded: Module | undefined
  return () => (loaded ??= load(name) as Module)
}

export const crypto = lazyBuiltin<typeof Crypto>('node:crypto')
export const net = lazyBuiltin<typeof Net>('node:net')
