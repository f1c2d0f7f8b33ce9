/**
 * The argv that runs a line of shell: `bash -lc`, or `sh -c` where an image has no bash.
 *
 * @example
 * ```ts
 * await runner.run(shell('npm test && npm run build'))
 * ```
 */
export function shell(script: string, options: { shell?: 'bash' | 'sh' } = {}): string[] {
  return options.shell === 'sh' ? ['sh', '-c', script] : ['bash', '-lc', script]
}
