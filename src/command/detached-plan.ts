import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { SpawnOptions } from './command-options.js'
import type { AttachCommandOptions } from './detached.js'

/** What a spawn call says of the command's life beyond its host. */
export interface DetachedPlan {
  readonly id: string | undefined
  readonly detached: boolean
  readonly spool: { readonly maxBytes: number; readonly blocks: boolean } | undefined
}

const usualSpoolBytes = 16 * 1024 * 1024
const leastSpoolBytes = 64 * 1024
const longestIdBytes = 128

/** Checks `id`, `detached` and `spool`. */
export function planDetached({ id, detached = false, spool, stdin }: SpawnOptions): DetachedPlan {
  if (id !== undefined) checkId(id)
  if (typeof detached !== 'boolean') throw invalidOption('detached', 'must be true or false', detached)
  if (!detached) {
    if (spool !== undefined) throw invalidOption('spool', 'is for detached commands only', 'a spool')
    return { id, detached, spool: undefined }
  }
  if (id === undefined) {
    throw invalidOption('id', 'must be given for a detached command, which is found by it', id)
  }
  if (stdin === 'pipe' || (typeof stdin === 'object' && stdin !== null && 'pipe' in stdin)) {
    const advice = 'Whoever would write it may be gone. Use a file in the container for what comes later.'
    throw invalidOption('stdin', 'must be text or bytes for a detached command', 'a stream', advice)
  }
  const { maxBytes = usualSpoolBytes, whenFull = 'drop-oldest' } = spool ?? {}
  if (!Number.isSafeInteger(maxBytes) || maxBytes < leastSpoolBytes) {
    throw invalidOption('spool.maxBytes', `must be a whole number from ${leastSpoolBytes}`, maxBytes)
  }
  if (whenFull !== 'drop-oldest' && whenFull !== 'block') {
    throw invalidOption('spool.whenFull', "must be 'drop-oldest' or 'block'", whenFull)
  }
  return { id, detached, spool: { maxBytes, blocks: whenFull === 'block' } }
}

/** Checks the id of a command, for spawn and for those who look one up. */
export function checkId(id: unknown): asserts id is string {
  const fits = typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= longestIdBytes
  if (fits && !/[\u0000-\u001f\u007f]/.test(id)) return
  const rule = `must be text of 1 to ${longestIdBytes} bytes without control characters`
  throw invalidOption('id', rule, id)
}

/** The error of a place whose commands end with their host. */
export function cannotDetach(): ContainersError {
  const message =
    'Commands of this place end with their host, so none can be detached or attached to ' +
    '(capabilities.detached is false). Use a DockerRunner with a supervisor.'
  return new ContainersError('NOT_SUPPORTED', message)
}

/** Checks an attach call: where it is to begin. */
export function planAttach({
  fromStdoutByte = 0,
  fromStderrByte = 0,
  output = 'read',
}: AttachCommandOptions): [number, number] {
  if (output !== 'read' && output !== 'none') {
    throw invalidOption('output', "must be 'read' or 'none'", output)
  }
  for (const [option, offset] of Object.entries({ fromStdoutByte, fromStderrByte })) {
    if (Number.isSafeInteger(offset) && offset >= 0) continue
    throw invalidOption(option, 'must be a whole number from 0', offset)
  }
  return [fromStdoutByte, fromStderrByte]
}
