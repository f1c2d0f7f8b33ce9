import { expect, test } from 'vitest'
import { addressDigits } from '../../src/builtins/parse-address.js'

test.each([
  ['127.0.0.1', '00000000000000000000ffff7f000001'],
  ['0.0.0.0', '00000000000000000000ffff00000000'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['fe80::1:0:2', 'fe800000000000000000000100000002'],
  ['2001:DB8:0:0:1:2:3:4', '20010db8000000000001000200030004'],
  ['1::', '00010000000000000000000000000000'],
  ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
])('%s', (host, digits) => {
  expect(addressDigits(host)).toBe(digits)
})

test.each(['', 'localhost', '127.1', '1.2.3.256', ':::', 'fe80::1%eth0', '[::1]', 5 as unknown as string])(
  'refuses %o',
  (host) => {
    expect(() => addressDigits(host)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  },
)
