export function ensureEngine(): Promise<string>
