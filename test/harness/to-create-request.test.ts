import { expect, test } from 'vitest'
import { toCreateRequest } from '../../src/harness/to-create-request.js'
import { nothingAsked } from '../support/create-request.js'

const supervisor = {
  mount: { type: 'volume', source: 'vol', target: '/.anyon', readOnly: true },
  entrypoint: ['/.anyon/supervisor', 'init'],
} as const

test('the least that can be said has every default decided', () => {
  expect(toCreateRequest({ image: 'x', name: 'n' }, 'c')).toEqual({
    ...nothingAsked,
    name: 'n',
    image: 'x',
    labels: { 'anyon.managed': 'true', 'anyon.creation': 'c', 'anyon.init': 'engine' },
    network: 'default',
    logDriver: 'json-file',
    logMaxBytes: 10_000_000,
    logMaxFiles: 3,
  })
})

test('an explicit undefined is nothing', () => {
  const request = toCreateRequest(
    { image: 'x', name: 'n', user: undefined as never, cwd: undefined as never },
    'c',
  )
  expect('user' in request || 'workingDir' in request).toBe(false)
})

test('under the supervisor root is process 1, with what it needs; the rest of the options holds', () => {
  const request = toCreateRequest(
    {
      image: 'x',
      name: 'n',
      init: 'supervisor',
      user: 'agent',
      cwd: '/workspace',
      capabilities: { add: ['NET_BIND_SERVICE', 'KILL'], drop: ['MKNOD'] },
      noNewPrivileges: false,
      tmpfs: [{ target: '/tmp', executable: true, sizeBytes: 8192, mode: 0o700 }],
    },
    'c',
    supervisor,
  )
  expect(request).toMatchObject({
    entrypoint: supervisor.entrypoint,
    command: [],
    user: '0',
    workingDir: '/workspace',
    engineInit: false,
    openStdin: true,
    stdinOnce: false,
    logDriver: 'none',
    capDrop: ['ALL'],
    capAdd: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'KILL', 'NET_BIND_SERVICE'],
    noNewPrivileges: true,
    mounts: [
      { type: 'tmpfs', target: '/tmp', sizeBytes: 8192, mode: 0o700, options: 'exec' },
      {
        type: 'tmpfs',
        target: '/tmp/secrets',
        sizeBytes: 64 * 1024 ** 2,
        mode: 0o711,
        options: 'noexec,nosuid,nodev',
      },
      supervisor.mount,
    ],
    labels: { 'anyon.init': 'supervisor', 'anyon.user': 'agent' },
  })
})

test('under the supervisor with a log, nothing is said on the streams that would be logged', () => {
  const options = { image: 'x', name: 'n', init: 'supervisor', logs: { maxFiles: 2 } } as const
  expect(toCreateRequest(options, 'c', supervisor)).toMatchObject({
    openStdin: false,
    logDriver: 'json-file',
    logMaxFiles: 2,
  })
})
