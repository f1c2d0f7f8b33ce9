import { expect, test } from 'vitest'
import { parseCgroupFiles } from '../../src/harness/cgroup-files.js'

const files = (record: Record<string, string>) => new Map(Object.entries(record))

test('version 1, limited', () => {
  const contents = files({
    'memory/memory.limit_in_bytes': '67108864\n',
    'memory/memory.memsw.limit_in_bytes': '134217728\n',
    'cpu/cpu.cfs_quota_us': '150000\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'pids/pids.max': '50\n',
  })
  expect(parseCgroupFiles(contents)).toEqual({
    cgroupVersion: '1',
    memoryBytes: 67_108_864,
    memoryAndSwapBytes: 134_217_728,
    cpus: 1.5,
    pids: 50,
  })
})

test('version 1, unlimited, without swap accounting', () => {
  const contents = files({
    'memory/memory.limit_in_bytes': '9223372036854771712\n',
    'cpu/cpu.cfs_quota_us': '-1\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'pids/pids.max': 'max\n',
  })
  expect(parseCgroupFiles(contents)).toEqual({
    cgroupVersion: '1',
    memoryBytes: 'unlimited',
    memoryAndSwapBytes: 'unknown',
    cpus: 'unlimited',
    pids: 'unlimited',
  })
})

test('version 2, limited', () => {
  const contents = files({
    'memory.max': '67108864\n',
    'memory.swap.max': '0\n',
    'cpu.max': '50000 100000\n',
    'pids.max': '50\n',
  })
  expect(parseCgroupFiles(contents)).toEqual({
    cgroupVersion: '2',
    memoryBytes: 67_108_864,
    memoryAndSwapBytes: 67_108_864,
    cpus: 0.5,
    pids: 50,
  })
})

test('version 2, unlimited', () => {
  const contents = files({
    'memory.max': 'max\n',
    'memory.swap.max': 'max\n',
    'cpu.max': 'max 100000\n',
    'pids.max': 'max\n',
  })
  expect(parseCgroupFiles(contents)).toEqual({
    cgroupVersion: '2',
    memoryBytes: 'unlimited',
    memoryAndSwapBytes: 'unlimited',
    cpus: 'unlimited',
    pids: 'unlimited',
  })
})

test('what is not there, or is no number, is unknown and never a limit', () => {
  const { memoryBytes, cpus, pids } = parseCgroupFiles(files({ 'memory.max': 'rubbish' }))
  expect([memoryBytes, cpus, pids]).toEqual(['unknown', 'unknown', 'unknown'])
})
