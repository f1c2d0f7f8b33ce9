export const TEST_LABEL: string
export function ownerLabel(pid: number): string
export function sweep(endpoint: string, owner?: string): Promise<string[]>
