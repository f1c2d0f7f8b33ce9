import { invalidOption } from '../errors/invalid-option.js'

/** The size of a terminal in characters, each 1 to 65,535. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

const most = 65_535

/** Throws `INVALID_OPTION` for what is not a size; answers a copy of it. */
export function checkTerminalSize(option: string, size: TerminalSize): TerminalSize {
  if (typeof size !== 'object' || size === null) {
    throw invalidOption(option, 'must be { columns, rows }', size)
  }
  const { columns, rows } = size
  for (const [name, value] of Object.entries({ columns, rows })) {
    if (Number.isInteger(value) && value >= 1 && value <= most) continue
    throw invalidOption(`${option}.${name}`, `must be a whole number from 1 to ${most}`, value)
  }
  return { columns, rows }
}
