import { expect, test } from 'vitest'
import { checkEngine, type EngineFacts } from '../../src/harness/doctor-checks.js'
import { DoctorReport } from '../../src/harness/doctor-report.js'

const healthy: EngineFacts = {
  version: {
    product: 'docker',
    version: '29.5.1',
    apiVersion: '1.54',
    minimumApiVersion: '1.40',
    os: 'linux',
    architecture: 'amd64',
  },
  info: {
    name: 'machine',
    storageDriver: 'overlay2',
    cgroupVersion: '2',
    runtimes: ['runc', 'runsc'],
    defaultRuntime: 'runc',
    securityOptions: [],
    rootDir: '/var/lib/docker',
    systemTime: new Date(0),
    cpus: 4,
    memoryBytes: 2 ** 34,
    warnings: [],
  },
  apiVersion: '1.54',
  clockSkewMs: 3,
  clockErrorMs: 2,
  disk: { freeBytes: 2 ** 36, totalBytes: 2 ** 38 },
  dataMount: { type: 'xfs', options: 'rw,noatime,prjquota' },
}
const info = (change: Partial<EngineFacts['info']>): EngineFacts => ({
  ...healthy,
  info: { ...healthy.info, ...change },
})
const version = (change: Partial<EngineFacts['version']>): EngineFacts => ({
  ...healthy,
  version: { ...healthy.version, ...change },
})

test('a healthy engine has nothing but ok, and says what it is', () => {
  const report = new DoctorReport('unix:///x', checkEngine(healthy))
  expect(report.level).toBe('ok')
  expect(report.toString()).toContain('Docker Engine 29.5.1 on linux/amd64, API 1.54')
  expect(report.toString()).toContain('Runtime runc; also runsc')
})

test.each<[string, EngineFacts, string, 'warning' | 'error', RegExp]>([
  ['an old engine', version({ version: '29.5.0' }), 'advisories', 'warning', /29\.5\.1/],
  ['a distribution’s version', version({ version: '20.10.24+dfsg1' }), 'advisories', 'warning', /29\.5\.1/],
  ['an unknown product', version({ product: 'other' }), 'engine', 'warning', /tested/],
  ['vfs', info({ storageDriver: 'vfs' }), 'storage', 'warning', /overlay2/],
  ['ext4', { ...healthy, dataMount: { type: 'ext4', options: 'rw' } }, 'quota', 'warning', /pquota/],
  [
    'xfs without quotas',
    { ...healthy, dataMount: { type: 'xfs', options: 'rw' } },
    'quota',
    'warning',
    /pquota/,
  ],
  [
    'little disk',
    { ...healthy, disk: { freeBytes: 2 ** 31, totalBytes: 2 ** 38 } },
    'disk',
    'warning',
    /prune/,
  ],
  ['no disk', { ...healthy, disk: { freeBytes: 2 ** 20, totalBytes: 2 ** 38 } }, 'disk', 'error', /prune/],
  ['a clock ahead', { ...healthy, clockSkewMs: 90_000 }, 'clock', 'warning', /set-ntp/],
  ['a clock behind', { ...healthy, clockSkewMs: -90_000 }, 'clock', 'warning', /set-ntp/],
  [
    'no supervisor',
    { ...healthy, supervisorMissing: 'None for riscv64.' },
    'supervisor',
    'error',
    /build:supervisor/,
  ],
  [
    'a complaint',
    info({ warnings: ['WARNING: No swap limit support'] }),
    'engine-warning',
    'warning',
    /swapaccount=1/,
  ],
])('%s', (_name, facts, id, level, advice) => {
  const found = checkEngine(facts).filter((finding) => finding.level !== 'ok')
  expect(found).toEqual([
    { id, level, message: expect.any(String) as string, advice: expect.stringMatching(advice) as string },
  ])
})

test('a slow answer is no skew', () => {
  const found = checkEngine({ ...healthy, clockSkewMs: 4_000, clockErrorMs: 3_000 })
  expect(found.find(({ id }) => id === 'clock')?.level).toBe('ok')
})

test('podman has no advisory of docker’s, a far engine no disk', () => {
  const { disk: _disk, dataMount: _mount, ...far } = version({ product: 'podman', version: '5.4.2' })
  const found = checkEngine(far)
  expect(found.find(({ id }) => id === 'advisories')?.level).toBe('ok')
  expect(found.find(({ id }) => id === 'disk')).toBeUndefined()
})

test('the report is data and text', () => {
  const report = new DoctorReport(undefined, [
    { id: 'engine', level: 'error', message: 'None.\nAt all.', advice: 'Do this' },
  ])
  expect(JSON.parse(JSON.stringify(report))).toEqual({
    level: 'error',
    findings: [{ id: 'engine', level: 'error', message: 'None.\nAt all.', advice: 'Do this' }],
  })
  expect(`${String(report)}`).toBe(
    'Container engine: none found\nerror    None.\n         At all.\n         → Do this',
  )
})
