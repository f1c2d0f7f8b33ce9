import type * as ChildProcess from 'node:child_process'
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

/** Loaded when first used: it brings the network modules along, and importing the package is to stay light. */
export const childProcess = (): typeof ChildProcess => load('node:child_process') as typeof ChildProcess
