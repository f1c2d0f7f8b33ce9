import { expect, test } from 'vitest'
import { checkCreateOptions } from '../../src/harness/check-create-options.js'

test.each<[string, Record<string, unknown>, string]>([
  ['no image', {}, 'create.image'],
  ['an empty image', { image: '' }, 'create.image'],
  ['an image in capitals', { image: 'BusyBox' }, 'create.image'],
  ['an unknown option', { image: 'x', memory: 5 }, 'create.memory'],
  ['a command that is a string', { image: 'x', command: 'ls -l' }, 'create.command'],
  ['an empty command', { image: 'x', command: [] }, 'create.command'],
  ['a NUL in an argument', { image: 'x', command: ['a\0b'] }, 'create.command[0]'],
  ['a name with a slash', { image: 'x', name: 'a/b' }, 'create.name'],
  ['a name of one character', { image: 'x', name: 'a' }, 'create.name'],
  ['an environment name with =', { image: 'x', env: { 'A=B': '1' } }, 'A name in create.env'],
  ['an environment value that is a number', { image: 'x', env: { A: 1 } }, 'create.env.A'],
  ['a label of ours', { image: 'x', labels: { 'anyon.init': 'none' } }, 'A name in create.labels'],
  ['a relative folder', { image: 'x', cwd: 'work' }, 'create.cwd'],
  ['a user with a space', { image: 'x', user: 'a b' }, 'create.user'],
  ['an init that there is not', { image: 'x', init: 'systemd' }, 'create.init'],
  ['no CPU', { image: 'x', limits: { cpus: 0 } }, 'create.limits.cpus'],
  ['CPUs in text', { image: 'x', limits: { cpus: '2' } }, 'create.limits.cpus'],
  ['too little memory', { image: 'x', limits: { memoryBytes: 1024 ** 2 } }, 'create.limits.memoryBytes'],
  ['half a byte', { image: 'x', limits: { memoryBytes: 1e9 + 0.5 } }, 'create.limits.memoryBytes'],
  ['no process', { image: 'x', limits: { pids: 0 } }, 'create.limits.pids'],
  [
    'a mount on the root',
    { image: 'x', mounts: [{ type: 'bind', source: '/a', target: '/' }] },
    'create.mounts[0].target',
  ],
  [
    'a relative source',
    { image: 'x', mounts: [{ type: 'bind', source: 'a', target: '/a' }] },
    'create.mounts[0].source',
  ],
  ['a mount of no type', { image: 'x', mounts: [{ target: '/a' }] }, 'create.mounts[0].type'],
  ['a tmpfs without target', { image: 'x', tmpfs: [{}] }, 'create.tmpfs[0].target'],
  [
    'a port out of range',
    { image: 'x', ports: [{ containerPort: 70_000 }] },
    'create.ports[0].containerPort',
  ],
  [
    'a port on a name',
    { image: 'x', ports: [{ containerPort: 80, hostIp: 'localhost' }] },
    'create.ports[0].hostIp',
  ],
  ['ports without network', { image: 'x', network: 'none', ports: [{ containerPort: 80 }] }, 'create.ports'],
  ['ports of the machine', { image: 'x', network: 'host', ports: [{ containerPort: 80 }] }, 'create.ports'],
  ['a host without address', { image: 'x', extraHosts: ['host'] }, 'create.extraHosts[0]'],
  ['a DNS server by name', { image: 'x', dns: ['dns'] }, 'create.dns[0]'],
  [
    'a capability in small letters',
    { image: 'x', capabilities: { add: ['chown'] } },
    'create.capabilities.add[0]',
  ],
  ['no log', { image: 'x', logs: { maxFiles: 0 } }, 'create.logs.maxFiles'],
  ['a signal that there is not', { image: 'x', stopSignal: 'TERM' }, 'create.stopSignal'],
  ['a policy that there is not', { image: 'x', pullPolicy: 'sometimes' }, 'create.pullPolicy'],
  ['a command beside the supervisor', { image: 'x', init: 'supervisor', command: ['sh'] }, 'create.command'],
])('%s is refused by name, rule and value', (_name, options, option) => {
  const check = (): void => checkCreateOptions(options as never)
  expect(check).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      details: expect.objectContaining({ option }) as unknown,
    }),
  )
})

test('the value of a variable is never in the message', () => {
  expect(() => checkCreateOptions({ image: 'x', env: { TOKEN: 'hush\0hush' } })).toThrow(
    /^(?!.*hush).*create\.env\.TOKEN/,
  )
})

test('all that is allowed passes', () => {
  checkCreateOptions({
    image: 'registry.example:5000/a/b:1@sha256:' + 'a'.repeat(64),
    command: ['sh', '-c', ''],
    name: 'a.b-c_d',
    env: { A: '', 'with space': 'x=y\n' },
    labels: { 'anyon.test': '1' },
    cwd: '/w',
    user: '1000:1000',
    init: 'none',
    limits: { cpus: 0.5, memoryBytes: 64 * 1024 ** 2, pids: 5, diskBytes: 1024 ** 3 },
    mounts: [{ type: 'volume', source: 'vol', target: '/v/' }],
    tmpfs: [{ target: '/t', executable: true }],
    ports: [{ containerPort: 80, hostIp: '::1' }],
    network: 'bridge',
    extraHosts: ['host.docker.internal:host-gateway'],
    capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
    logs: { maxBytes: 10_000 },
    stopSignal: 'SIGRTMIN+3',
    pullPolicy: 'never',
  })
  checkCreateOptions({ image: `sha256:${'0'.repeat(64)}`, init: 'supervisor', user: 'agent' })
})
