import type { CommandWord } from './word.js'

/** The options of a program that runs another: single letters and long names, apart by spaces. */
export interface OptionNames {
  /** Those that stand alone, or have their value in the same word. */
  readonly alone?: string
  /** Those that take the next word when their value is not in their own. */
  readonly withValue?: string
}

export interface ReadOptions {
  /** What follows the options. */
  readonly rest: readonly CommandWord[]
  /** The options there were; empty text for those without a value. */
  readonly values: ReadonlyMap<string, CommandWord>
  /** An option that is not known here: what follows may be its value or not. */
  readonly unclear: string | undefined
}

/** Reads the options before a program's first operand. */
export function readOptions(words: readonly CommandWord[], names: OptionNames): ReadOptions {
  const alone = new Set(names.alone?.split(' '))
  const withValue = new Set(names.withValue?.split(' '))
  const values = new Map<string, CommandWord>()
  let unclear: string | undefined
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (typeof word !== 'string') {
      if (word.mayBeOption) unclear ??= 'a word that is not known yet'
      break
    }
    if (word === '--') {
      at++
      break
    }
    if (word === '-' || !word.startsWith('-')) break
    for (const { name, value } of word.startsWith('--') ? longOption(word) : letters(word, withValue)) {
      if (!alone.has(name) && !withValue.has(name) && value === undefined) unclear ??= `its option ${word}`
      values.set(name, value ?? (withValue.has(name) ? (words[++at] ?? '') : ''))
    }
  }
  return { rest: words.slice(at), values, unclear }
}

interface Option {
  readonly name: string
  readonly value?: string
}

function longOption(word: string): Option[] {
  const equals = word.indexOf('=')
  return [
    equals === -1 ? { name: word.slice(2) } : { name: word.slice(2, equals), value: word.slice(equals + 1) },
  ]
}

/** `-abv` is three options, unless one of them takes the rest of the word as its value. */
function letters(word: string, withValue: ReadonlySet<string>): Option[] {
  const options: Option[] = []
  for (let at = 1; at < word.length; at++) {
    const name = word[at] ?? ''
    const value = word.slice(at + 1)
    if (withValue.has(name) && value !== '') return [...options, { name, value }]
    options.push({ name })
  }
  return options
}
