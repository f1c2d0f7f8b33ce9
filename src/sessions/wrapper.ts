/**
 * The text of `-c` around a command. It restores what the shell cannot be started with, runs the command where
 * descriptor 3 is closed, so that neither the command nor what it starts can hold or write to it, and lists the
 * shell's state there. A shell puts descriptors back before it runs the trap on EXIT.
 */
export interface Wrapping {
  /** Names of the environment's entries that hold, in order, what is to be restored. */
  readonly pieces: readonly string[]
  /** Options that would show in the command's output if they were set any earlier. */
  readonly tracing: readonly ('xtrace' | 'verbose')[]
  /** `script`: the first argument is a script. `alias`: is an alias, or `words`: is the shell's own or a function. */
  readonly kind: 'script' | 'alias' | 'words'
  /** The alias, which is part of the text. */
  readonly alias?: string
}

/** In front of a word that is to mean what it means to the shell, whatever functions and aliases there are. */
export const guard = { bash: '\\builtin ', sh: '\\' } as const

/**
 * What is listed, each followed by NUL; the second turns off what would disturb the others. As bash writes each line by
 * itself, its options come from its variables, not from `set +o` and `shopt -p`.
 */
const listings = {
  bash: [
    'printf %s "$SHELLOPTS"',
    'set +euvx;pwd',
    'umask',
    'alias -p',
    'declare -f',
    'declare -F',
    'declare -p',
  ],
  sh: ['set +o', 'set +euvx;pwd', 'umask', 'alias', 'readonly -p', 'export -p', 'set'],
} as const

const texts = { bash: listing('bash'), sh: listing('sh') }

/** How many parts there are when all was written: the first is the code of what was restored. */
export const partCount = { bash: listings.bash.length + 1, sh: listings.sh.length + 1 } as const

export function wrapped(shell: 'bash' | 'sh', wrapping: Wrapping): string {
  const b = guard[shell]
  const { pieces, tracing, kind, alias } = wrapping
  const restore =
    pieces.length > 0
      ? `${b}eval "${b}unset ${pieces.join(' ')};${pieces.map((name) => `$${name}`).join('')}";`
      : ''
  const trace = tracing.map((option) => `${b}set -o ${option};`).join('')
  const command = {
    script: `${b}eval "${b}shift;${trace}$1"`,
    alias: `${b}eval "${b}shift;${trace}${alias} \\"\\$@\\""`,
    words: `${trace}"$@"`,
  }[kind]
  const list = texts[shell]
  // Listed again after the command, since it may have set a trap of its own.
  return `${restore}${b}printf "%s\\0" "$?">&3;${b}trap '{ ${list}; } 2>&-' EXIT;{ ${command}; } 3>&-;{ ${b}set -- "$?";${list}; } 2>&-;\\exec 3>&-;${b}exit "$1"`
}

/** Restores, and becomes the program. */
export function replaced(shell: 'bash' | 'sh', pieces: readonly string[]): string {
  const b = guard[shell]
  const names = pieces.join(' ')
  return `${b}eval "${b}unset ${names};${pieces.map((name) => `$${name}`).join('')}";${b}exec "$@"`
}

function listing(shell: 'bash' | 'sh'): string {
  const b = guard[shell]
  const parts = listings[shell].map((part) => `${b}${part.replace(';', `;${b}`)};${b}printf "\\0"`)
  return `{ ${parts.join(';')}; } >&3`
}
