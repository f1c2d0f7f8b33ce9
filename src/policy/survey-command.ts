import { readScript } from './read-script.js'
import { unwrap } from './unwrap.js'
import type { CommandSurvey, CommandWord, FoundCommand } from './word.js'

/** Nobody nests deeper in earnest, and each level costs. */
const deepest = 16
const most = 10_000
/** Characters of all scripts in a command: beyond it a hostile one could keep the parser busy for many seconds. */
const longest = 64 * 1024

/** Finds every command that a command runs, as far as its own words and the scripts in them tell. */
export async function surveyCommand(argv: readonly string[]): Promise<CommandSurvey> {
  const commands: FoundCommand[] = []
  const unknown: string[] = []
  let characters = 0
  const waiting: { words: readonly CommandWord[]; depth: number }[] = [{ words: argv, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { words, depth } = next
    if (depth > deepest || commands.length === most) {
      unknown.push('it holds more commands, or deeper ones, than are looked at')
      break
    }
    const inner = unwrap(words)
    const before = unknown.length
    unknown.push(...inner.unknown)
    for (const one of inner.commands) waiting.push({ words: one, depth: depth + 1 })
    for (const script of inner.scripts) {
      if (typeof script !== 'string') {
        unknown.push('a script in it is only known when it runs')
        continue
      }
      characters += script.length
      if (characters > longest) {
        unknown.push(`it holds more than ${longest} characters of script`)
        continue
      }
      const read = await readScript(script)
      unknown.push(...read.problems)
      for (const one of read.commands) waiting.push({ words: one, depth: depth + 1 })
    }
    const runsOthers = inner.commands.length + inner.scripts.length > 0
    commands.push({ words, transparent: runsOthers && !inner.grants && unknown.length === before })
  }
  return { commands, unknown }
}
