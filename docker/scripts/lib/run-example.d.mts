export function runExample(name: string, args: readonly string[], images: readonly string[]): Promise<number>
export function exampleArguments(name: string, args?: readonly string[]): string[]
export function linkExamples(): void
