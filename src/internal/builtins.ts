import type * as Crypto from 'node:crypto'
import { createRequire } from 'node:module'
import type * as Net from 'node:net'

// These take milliseconds to load, and importing the package is to stay light: they are loaded when first used.
const load = createRequire(import.meta.url)

export const crypto = (): typeof Crypto => load('node:crypto') as typeof Crypto
export const net = (): typeof Net => load('node:net') as typeof Net
