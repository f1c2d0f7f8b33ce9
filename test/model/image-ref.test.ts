import { describe, expect, it } from 'vitest'
import { normalImageRef, parseImageRef } from '../../src/model/image-ref.js'

const digest = `sha256:${'a1'.repeat(32)}`

describe('parseImageRef', () => {
  it.each([
    ['busybox', { repository: 'busybox' }],
    ['busybox:1.36', { repository: 'busybox', tag: '1.36' }],
    ['team/app_x/y-z:v1', { repository: 'team/app_x/y-z', tag: 'v1' }],
    ['ghcr.io/a/b', { registry: 'ghcr.io', repository: 'a/b' }],
    ['localhost/a', { registry: 'localhost', repository: 'a' }],
    ['127.0.0.1:5000/a:b', { registry: '127.0.0.1:5000', repository: 'a', tag: 'b' }],
    ['[::1]:5000/a', { registry: '[::1]:5000', repository: 'a' }],
    [`a@${digest}`, { repository: 'a', digest }],
    [`r.io/a:t@${digest}`, { registry: 'r.io', repository: 'a', tag: 't', digest }],
  ])('%s', (reference, expected) => {
    expect(parseImageRef(reference)).toEqual(expected)
  })

  it.each([
    '',
    'Busybox',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a b',
    'a:b c',
    'a@b',
    'a@sha256:12',
    '-a',
    'a..b',
    `a:${'x'.repeat(129)}`,
    'ho st:1/a',
    '-',
    `a@${digest}@${digest}`,
  ])('%j is refused', (reference) => {
    expect(() => parseImageRef(reference)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

it.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['docker.io/library/busybox:latest', 'docker.io/library/busybox:latest'],
  ['index.docker.io/a/b', 'docker.io/a/b:latest'],
  ['ghcr.io/a', 'ghcr.io/a:latest'],
  [`a:t@${digest}`, `docker.io/library/a@${digest}`],
])('normalImageRef(%s)', (reference, expected) => {
  expect(normalImageRef(reference)).toBe(expected)
})
