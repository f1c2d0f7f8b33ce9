export interface Frame {
  readonly type: number
  readonly payload: Uint8Array
}

export const stdout = (payload: string | Uint8Array): Frame => ({ type: 1, payload: Buffer.from(payload) })
export const stderr = (payload: string | Uint8Array): Frame => ({ type: 2, payload: Buffer.from(payload) })
export const systemError = (text: string): Frame => ({ type: 3, payload: Buffer.from(text) })

export function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes[0] = type
  bytes.writeUInt32BE(length, 4)
  return bytes
}

/** Frames as the engine sends them. */
export function encode(...frames: Frame[]): Buffer {
  return Buffer.concat(frames.flatMap(({ type, payload }) => [header(type, payload.length), payload]))
}

/** What the frames of `types` hold, as the plainest of demultiplexers has it. */
export function payloads(frames: readonly Frame[], ...types: number[]): Buffer {
  return Buffer.concat(frames.filter((frame) => types.includes(frame.type)).map((frame) => frame.payload))
}
