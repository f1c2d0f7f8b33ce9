import { readdirSync, readFileSync } from 'node:fs'

/** The processes of a container as the engine lists them, so that nothing of ours is asked. */
export async function processesOf(docker, id) {
  const { Titles, Processes } = await docker.getContainer(id).top({ ps_args: '-eo pid,stat,args' })
  const [pid, state] = ['PID', 'STAT'].map((title) => Titles.indexOf(title))
  return Processes.map((columns) => ({
    pid: Number(columns[pid]),
    isZombie: columns[state].startsWith('Z'),
    args: columns.slice(2).join(' '),
    isSupervisor: /^\/\.anyon\/|anyon-supervisor/.test(columns[2]),
  }))
}

/** Descriptors and memory of process 1, where the engine runs on this machine and its processes can be seen. */
export async function supervisorState(docker, id) {
  const { State } = await docker.getContainer(id).inspect()
  const folder = `/proc/${State.Pid}`
  const status = readFileSync(`${folder}/status`, 'utf8')
  const ownKb = Number(/^RssAnon:\s*(\d+)/m.exec(status)?.[1])
  return { descriptors: readdirSync(`${folder}/fd`).length, ownKb }
}

/** The same of this process; memory after a collection. */
export function hostState() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return { descriptors: readdirSync('/proc/self/fd').length, ownKb: (heapUsed + external) / 1024 }
}
