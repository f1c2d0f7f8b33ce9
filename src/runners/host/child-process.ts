import type * as ChildProcess from 'node:child_process'
import { lazyBuiltin } from '../../internal/builtins.js'

/** It brings the network modules along. */
export const childProcess = lazyBuiltin<typeof ChildProcess>('node:child_process')
