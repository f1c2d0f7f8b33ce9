import type * as Unbash from 'unbash'
import type { Command, Redirection, SyntaxNode } from 'unbash'
import { readWord } from './read-word.js'
import type { CommandWord } from './word.js'

/** A script taken apart: every simple command in it, wherever it stands. */
export interface ReadScript {
  readonly commands: readonly (readonly CommandWord[])[]
  /** Why some of it could not be read. */
  readonly problems: readonly string[]
}

let loading: Promise<typeof Unbash> | undefined

/** Reads a shell script without running it. The parser is loaded when the first script comes. */
export async function readScript(source: string): Promise<ReadScript> {
  // Many programs have no policy: they shall not pay for a parser.
  const { forEachChild, parse } = await (loading ??= import('unbash'))
  const commands: (readonly CommandWord[])[] = []
  const problems: string[] = []
  const waiting: SyntaxNode[] = []
  try {
    waiting.push(parse(source))
  } catch {
    // The parser calls itself, and the stack ends before some scripts do.
    problems.push('the script cannot be read: it is nested too deeply')
  }
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'Script' && node.errors?.length) {
      problems.push(`the script cannot be read: ${node.errors[0]?.message}`)
    }
    if ('script' in node && node.script === undefined) problems.push('a substitution cannot be read')
    if (node.type === 'Command') {
      const words = wordsOf(node)
      if (words.length > 0) commands.push(words)
    }
    forEachChild(node, (child) => waiting.push(child))
  }
  return { commands, problems }
}

function wordsOf({ name, suffix }: Command): CommandWord[] {
  if (name === undefined) return []
  const args = suffix.filter((child) => !isRedirection(child))
  return [readWord(name), ...args.map(readWord)]
}

function isRedirection(child: Command['suffix'][number]): child is Redirection {
  return child.type === 'Redirect' || child.type === 'HereString' || child.type === 'HereDoc'
}
