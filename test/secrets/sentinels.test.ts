import { expect, test } from 'vitest'
import { makeSentinels, sentinelsIn } from './sentinels.js'

const sentinels = { one: makeSentinels()['file'] ?? '', other: 's3ntinel/"x"+0123456789abcdef01234567' }
const base64 = (text: string, before: number) =>
  Buffer.from(`${'.'.repeat(before)}${text}..`).toString('base64')

test.each<[string, (value: string) => string]>([
  ['plain', (value) => value],
  ['JSON', (value) => JSON.stringify(value)],
  ['URL', encodeURIComponent],
  ...[0, 1, 2, 30, 40].map((before): [string, (value: string) => string] => [
    `base64 behind ${before} bytes`,
    (value) => base64(value, before),
  ]),
  ['base64 in lines', (value) => base64(value, 31).replace(/.{76}/g, '$&\r\n')],
  ['base64 in short lines', (value) => base64(value, 40).replace(/.{12}/g, '$&\n')],
])('a sentinel is found: %s', (_, spell) => {
  expect(sentinelsIn(sentinels, Buffer.from(`x ${spell(sentinels.one)} y`))).toEqual(['one'])
})
