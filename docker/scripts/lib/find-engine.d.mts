export interface EnginePlace {
  endpoint: string
  from: string
}

export const OWN_ENDPOINT: string
export function candidates(env?: NodeJS.ProcessEnv, home?: string, uid?: number): EnginePlace[]
export function findEngine(
  places?: EnginePlace[],
): Promise<{ engine: EnginePlace | undefined; tried: (EnginePlace & { why: string })[] }>
