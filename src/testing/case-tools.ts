import assert from 'node:assert/strict'
import type { Command } from '../command/command.js'
import type { CommandResult } from '../command/command-result.js'
import type { CommandRunner } from '../command/command-runner.js'

let counter = 0

/** A word that no other process on the machine has in its command line. */
export function uniqueWord(): string {
  return `anyon-case-${process.pid}-${Date.now().toString(36)}-${counter++}`
}

/**
 * The processes in the place that have the word in their command line. There are more of them now and then than there
 * are shells: the child of a shell has its command line until it has become its program.
 */
export async function withWord(runner: CommandRunner, word: string): Promise<string[]> {
  // The word goes in through stdin, or the search would find itself.
  const script = `read -r word; for f in /proc/[0-9]*/cmdline; do
    case "$(tr '\\0' ' ' < "$f" 2>/dev/null)" in *"$word"*) echo "$f";; esac
  done; :`
  const found = await output(runner.run(['sh', '-c', script], { stdin: `${word}\n` }))
  return found.split('\n').filter(Boolean)
}

/** The stdout of a command that must succeed. */
export async function output(running: Promise<CommandResult>): Promise<string> {
  const { exit, stdout, stderr } = await running
  assert.equal(exit.reason, 'exited', `${exit.reason} ${exit.explanation ?? ''} ${stderr}`)
  assert.equal(exit.code, 0, stderr)
  return stdout
}

/** A script for `sh -c` that runs until it is killed, with `word` in its command line. */
export function forever(word: string, before = ''): string[] {
  return ['sh', '-c', `${before} echo ready; while :; do sleep 1; done`, word]
}

/** Resolves when the command has printed its first line. */
export async function firstLine(command: Command): Promise<string> {
  for await (const line of command.lines()) return line
  throw new Error(`no line: ${JSON.stringify(await command.exit)} ${await command.text('stderr')}`)
}

/** How many bytes a stream that was begun to be read still has. */
export async function restOf(chunks: AsyncIterator<unknown>): Promise<number> {
  let size = 0
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    size += (next.value as Buffer).length
  }
  return size
}

/** Does the work for all items, `width` of them at once; the results are in the items' order. */
export async function atOnce<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += width) {
    results.push(...(await Promise.all(items.slice(at, at + width).map(work))))
  }
  return results
}
