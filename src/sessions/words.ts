/** What changes the shell itself, so that no program could do it. */
const ofEveryShell =
  `. : alias bg break cd command continue eval exec exit export fg getopts hash jobs local pwd read
  readonly return set shift times trap type ulimit umask unalias unset wait`.split(/\s+/)

const ofBash =
  `bind builtin caller compgen complete compopt declare dirs disown enable fc history let logout mapfile
  popd pushd readarray shopt source suspend typeset`.split(/\s+/)

/** Words that only the shell can obey. Others of its own, such as `echo`, are programs as well, and run as these. */
export const shellWords = {
  bash: new Set([...ofEveryShell, ...ofBash]),
  sh: new Set([...ofEveryShell, 'source']),
}

/** The script, where an argv is one of those that `shell()` makes. */
export function scriptOf(argv: readonly string[]): string | undefined {
  const [program, option, script] = argv
  const isScript =
    argv.length === 3 && ((program === 'bash' && option === '-lc') || (program === 'sh' && option === '-c'))
  return isScript ? script : undefined
}

/** Whether it is a `cd` that leads to the same folder wherever it begins. */
export function isAbsoluteCd([word, first, second]: readonly string[]): boolean {
  if (word !== 'cd') return false
  const folder = first === '--' ? second : first
  return folder === undefined || folder.startsWith('/')
}
