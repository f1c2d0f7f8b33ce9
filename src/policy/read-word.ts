import type { Assignment, Word, WordPart } from 'unbash'
import type { CommandWord } from './word.js'

/** A word of a script as the shell would make it, up to where that depends on what happens. */
export function readWord(word: Word | Assignment): CommandWord {
  if (word.type === 'Assignment') return { prefix: word.name, mayBeOption: false }
  if (word.parts === undefined) return word.value
  let prefix = ''
  let known = true
  let isPattern = true
  for (const part of word.parts.flatMap(flat)) {
    const text = fixedText(part)
    if (text === undefined) known = false
    else if (known) prefix += text
    isPattern &&= text !== undefined || part.type === 'Glob'
  }
  if (known) return prefix
  return {
    prefix,
    mayBeOption: prefix === '' || prefix.startsWith('-') || word.parts.some(splits),
    ...(isPattern && { pattern: word.value }),
  }
}

/** What is in double quotes, without them. */
function flat(part: WordPart): readonly WordPart[] {
  return part.type === 'DoubleQuoted' || part.type === 'LocaleString' ? part.parts : [part]
}

function fixedText(part: WordPart): string | undefined {
  return part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'AnsiCQuoted'
    ? part.value
    : undefined
}

/** Whether it can become several words, of which only the first begins as the whole does. */
function splits(part: WordPart): boolean {
  if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') {
    // "$@" and "${all[@]}" become several even in quotes.
    return part.parts.some((inner) => inner.type !== 'Literal' && inner.text.includes('@'))
  }
  return (
    part.type === 'SimpleExpansion' || part.type === 'ParameterExpansion' || part.type === 'CommandExpansion'
  )
}
