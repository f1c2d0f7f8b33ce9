import { readFile } from 'node:fs/promises'
import ts from 'typescript'

/** A fenced `ts` block of a Markdown file. */
export interface Snippet {
  readonly title: string
  readonly code: string
}

/** One `console.log` that the document says the output of: `console.log(x) // 1, 2`. */
export interface Claim {
  readonly line: number
  readonly says: string
}

/** The `ts` blocks of a Markdown file, titled by the heading above and their place under it. */
export async function readSnippets(file: string): Promise<Snippet[]> {
  const text = await readFile(file, 'utf8')
  const snippets: Snippet[] = []
  let heading = ''
  for (const [, title, code] of text.matchAll(/^#+ (.+)$|^```ts\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title
    if (code !== undefined) snippets.push({ title: `${heading} #${snippets.length + 1}`, code })
  }
  return snippets
}

/** What the snippet says its `console.log` calls print. */
export function claimsOf(code: string): Claim[] {
  return code.split('\n').flatMap((text, line) => {
    const says = /console\.log\(.*\) \/\/ (.+)$/.exec(text)?.[1]
    return says === undefined ? [] : [{ line, says }]
  })
}

/**
 * Runs a snippet as a user's program would run, its imports coming from the built package.
 *
 * @returns what each `console.log` printed, by its line.
 */
export async function runSnippet(
  code: string,
  modules: Record<string, object>,
): Promise<Map<number, string[]>> {
  const printed = new Map<number, string[]>()
  const marked = code
    .split('\n')
    .map((text, line) => text.replaceAll('console.log(', `__print(${line}, `))
    .join('\n')
    .replace(/^import type .*$/gm, '')
    .replace(/^import (\{[^}]*\}) from '([^']+)'$/gm, (_, names: string, from) => {
      return `const ${names.replaceAll(/\btype \w+,? ?/g, '').replaceAll(' as ', ': ')} = __modules['${from}']`
    })
  const { outputText } = ts.transpileModule(`async () => {${marked}\n}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const print = (line: number, ...values: unknown[]): void => {
    printed.set(line, [...(printed.get(line) ?? []), values.map((value) => String(value)).join(' ')])
  }
  const helpers = outputText.slice(0, outputText.indexOf('async () =>'))
  const body = outputText.slice(outputText.indexOf('async () =>')).trim().replace(/;$/, '')
  const run = new Function('__print', '__modules', `${helpers}\nreturn (${body})()`) as (
    print: unknown,
    modules: unknown,
  ) => Promise<void>
  await run(print, modules)
  return printed
}
