export interface ProcessIdentity {
  pid: number
  startedAt?: string | undefined
}

export function isAlive(owner: ProcessIdentity): boolean
export function startOf(pid: number): string | undefined
export function withLock<T>(name: string, work: () => Promise<T>): Promise<T>
