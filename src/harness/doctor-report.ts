/** One thing that `doctor()` looked at. */
export interface Finding {
  /** Stable, for programs: `engine`, `disk`, `clock`, … */
  readonly id: string
  /** `'ok'`; `'warning'`: works, with a loss; `'error'`: something that the library does will fail. */
  readonly level: 'ok' | 'warning' | 'error'
  readonly message: string
  /** What to do, as a command where there is one. */
  readonly advice?: string
}

const marks = { ok: 'ok     ', warning: 'warning', error: 'error  ' } as const

/** What `doctor()` found, worst level first in `level`. Plain data; `toString()` is for people. */
export class DoctorReport {
  constructor(
    /** Where the engine was found; absent when there was none. */
    readonly address: string | undefined,
    readonly findings: readonly Finding[],
  ) {}

  /** The worst level of all findings. */
  get level(): Finding['level'] {
    const levels = this.findings.map(({ level }) => level)
    return levels.includes('error') ? 'error' : levels.includes('warning') ? 'warning' : 'ok'
  }

  toJSON(): { address?: string; level: Finding['level']; findings: readonly Finding[] } {
    return {
      ...(this.address !== undefined && { address: this.address }),
      level: this.level,
      findings: this.findings,
    }
  }

  toString(): string {
    const lines = this.findings.flatMap(({ level, message, advice }) => [
      `${marks[level]}  ${indented(message)}`,
      ...(advice ? [`         → ${indented(advice)}`] : []),
    ])
    return [`Container engine: ${this.address ?? 'none found'}`, ...lines].join('\n')
  }
}

function indented(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(9)}`)
}
