import { expect, test } from 'vitest'
import type { ContainerInspection } from '../../src/engine/engine-types.js'
import { publishedAddress } from '../../src/harness/published-address.js'

const here = 'unix:///var/run/docker.sock'
const there = 'tcp://engine.example:2376'

function address(hostIps: string[], engine: string): object {
  const ports = hostIps.map((hostIp) => ({ containerPort: 80, protocol: 'tcp', hostIp, hostPort: 32768 }))
  const inspection = { name: 'web', state: { running: true, status: 'running' }, ports }
  return publishedAddress(inspection as unknown as ContainerInspection, 80, 'tcp', engine)
}

test.each([
  ['127.0.0.1', here, '127.0.0.1'],
  ['0.0.0.0', here, '127.0.0.1'],
  ['', here, '127.0.0.1'],
  ['::', here, '::1'],
  ['10.0.0.5', here, '10.0.0.5'],
  ['0.0.0.0', there, 'engine.example'],
  ['10.0.0.5', there, '10.0.0.5'],
  ['0.0.0.0', 'ssh://user@engine.example:22/run/docker.sock', 'engine.example'],
  ['127.0.0.1', 'tcp://127.0.0.1:2375', '127.0.0.1'],
  ['::', 'tcp://[2001:db8::1]:2375', '2001:db8::1'],
])('published on %j of %s: %s', (hostIp, engine, host) => {
  expect(address([hostIp], engine)).toEqual({ host, port: 32768 })
})

test('of an IPv4 and an IPv6 binding it is the IPv4 one', () => {
  expect(address(['::', '0.0.0.0'], here)).toEqual({ host: '127.0.0.1', port: 32768 })
})

test('the loopback of a machine elsewhere cannot be reached', () => {
  expect(() => address(['127.0.0.1'], there)).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }))
})

test('a port that is not published says which are', () => {
  const expected = { code: 'PORT_NOT_PUBLISHED', details: { container: 'web', port: 80, protocol: 'tcp' } }
  expect(() => address([], here)).toThrow(expect.objectContaining(expected))
})
