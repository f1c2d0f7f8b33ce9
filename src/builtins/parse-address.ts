import { invalidOption } from '../errors/invalid-option.js'
import { net } from '../internal/builtins.js'

/** An IP address as the supervisor takes it: 32 hexadecimal digits, IPv4 as IPv6 writes it. */
export function addressDigits(host: string): string {
  const version = typeof host === 'string' ? net().isIP(host) : 0
  if (version === 0 || host.includes('%')) throw invalidOption('host', 'must be an IP address', host)
  if (version === 4) return `${'0'.repeat(20)}ffff${hex(host.split('.').map(Number), 2)}`
  // The URL parser brings every way of writing one into a single form.
  const [head = '', tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::')
  const [front, back] = [groupsOf(head), groupsOf(tail ?? '')]
  const zeros = Array<number>(8 - front.length - back.length).fill(0)
  return hex([...front, ...zeros, ...back], 4)
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => parseInt(group, 16))
}

function hex(numbers: readonly number[], digits: number): string {
  return numbers.map((number) => number.toString(16).padStart(digits, '0')).join('')
}
