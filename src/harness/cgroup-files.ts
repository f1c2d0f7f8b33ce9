/** What the kernel's files say, in one unit for both of its versions. `'unlimited'` is the kernel's own word. */
export interface KernelLimits {
  readonly cgroupVersion: '1' | '2'
  readonly memoryBytes: LimitValue
  /** Memory and swap together. */
  readonly memoryAndSwapBytes: LimitValue
  readonly cpus: LimitValue
  readonly pids: LimitValue
}

/** `'unknown'` where the kernel has no such file. */
export type LimitValue = number | 'unlimited' | 'unknown'

/** Every file that tells one of the limits, below the folder of the container's own cgroup. */
export const cgroupFiles = {
  v1: {
    memory: 'memory/memory.limit_in_bytes',
    memoryAndSwap: 'memory/memory.memsw.limit_in_bytes',
    quota: 'cpu/cpu.cfs_quota_us',
    period: 'cpu/cpu.cfs_period_us',
    pids: 'pids/pids.max',
  },
  v2: { memory: 'memory.max', swap: 'memory.swap.max', cpu: 'cpu.max', pids: 'pids.max' },
} as const

/** On version 1 "no limit" is the largest multiple of a page, which depends on the machine. */
const NO_LIMIT_FROM = 2 ** 62

function value(text: string | undefined): LimitValue {
  if (text === undefined || !/^(max|-?\d+)$/.test(text)) return 'unknown'
  const number = Number(text)
  return text === 'max' || number < 0 || number >= NO_LIMIT_FROM ? 'unlimited' : number
}

function cpusOf(quota: string | undefined, period: string | undefined): LimitValue {
  const [used, of] = [value(quota), value(period)]
  return typeof used === 'number' && typeof of === 'number' && of > 0 ? used / of : used
}

/** Takes the contents of the files, by path as in {@link cgroupFiles}; files that are not there are left out. */
export function parseCgroupFiles(contents: ReadonlyMap<string, string>): KernelLimits {
  const read = (path: string): string | undefined => contents.get(path)?.trim()
  const { v1, v2 } = cgroupFiles
  if (read(v1.memory) !== undefined || read(v1.pids) !== undefined || read(v1.quota) !== undefined) {
    return {
      cgroupVersion: '1',
      memoryBytes: value(read(v1.memory)),
      memoryAndSwapBytes: value(read(v1.memoryAndSwap)),
      cpus: cpusOf(read(v1.quota), read(v1.period)),
      pids: value(read(v1.pids)),
    }
  }
  const [quota, period] = read(v2.cpu)?.split(' ') ?? []
  const [memory, swap] = [value(read(v2.memory)), value(read(v2.swap))]
  return {
    cgroupVersion: '2',
    memoryBytes: memory,
    // Version 2 counts swap by itself.
    memoryAndSwapBytes: typeof memory === 'number' && typeof swap === 'number' ? memory + swap : swap,
    cpus: cpusOf(quota, period),
    pids: value(read(v2.pids)),
  }
}
