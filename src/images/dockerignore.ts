import { posix } from 'node:path'
import { invalidOption } from '../errors/invalid-option.js'

interface Rule {
  readonly pattern: RegExp
  readonly excludes: boolean
}

/** What a `.dockerignore` file leaves in a build's context. */
export interface IgnoreRules {
  /** Whether a path, relative to the folder with `/` between its parts, is left out. The last rule that fits decides. */
  isIgnored(path: string): boolean
  /** Whether a folder that is left out may hold something that is not. */
  readonly hasExceptions: boolean
}

/**
 * Reads a `.dockerignore` file: one pattern a line, `#` in the first column for comments, `!` for exceptions, `*`
 * and `?` within a part of the path, `**` over any number of parts, `[a-z]` and `\` as in Go's filepath.Match.
 * A pattern that fits a folder fits all that is in it.
 */
export function parseDockerignore(text: string): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(toRule)
  return {
    hasExceptions: rules.some(({ excludes }) => excludes),
    isIgnored: (path) => rules.findLast(({ pattern }) => pattern.test(path))?.excludes === false,
  }
}

function toRule(line: string): Rule {
  const excludes = line.startsWith('!')
  const text = (excludes ? line.slice(1) : line).trim()
  if (text === '') throw invalidOption('.dockerignore', 'must have a pattern after "!"', line)
  const path = posix.normalize(text).replace(/^\/+|\/+$/g, '')
  if (path === '.') return { excludes, pattern: excludes ? /(?!)/ : /(?:)/ }
  return { excludes, pattern: toPattern(path, line) }
}

function toPattern(path: string, line: string): RegExp {
  let source = ''
  for (let at = 0; at < path.length; at++) {
    const rest = path.slice(at)
    const classes = /^\[(\^?)((?:\\.|[^\]\\])+)\]/.exec(rest)
    if (rest.startsWith('**')) {
      at += /^\*+\/?/.exec(rest)?.[0].length ?? 0
      source += path[--at] === '/' ? '(?:.*/)?' : '.*'
    } else if (rest.startsWith('*')) source += '[^/]*'
    else if (rest.startsWith('?')) source += '[^/]'
    else if (classes !== null) {
      source += `(?!/)[${classes[1]}${(classes[2] ?? '').replace(/\[/g, '\\[')}]`
      at += classes[0].length - 1
    } else if (rest.startsWith('\\') && rest.length > 1) source += quoted(path[++at] ?? '')
    else source += quoted(path[at] ?? '')
  }
  try {
    return new RegExp(`^${source}(?:/.*)?$`, 's')
  } catch {
    throw invalidOption('.dockerignore', 'must have patterns that can be read', line)
  }
}

function quoted(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
}
