import { invalidOption } from '../../errors/invalid-option.js'
import type { Address, TlsMaterial } from './endpoint.js'

const defaultSocket = '/var/run/docker.sock'

/** The address that an engine's URL names. `option` is what to call the URL in an error. */
export function parseHost(option: string, value: string, tls?: TlsMaterial): Address {
  const rule = 'must be a URL such as unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host'
  const text = value.includes('://') ? value : `tcp://${value}`
  if (text.startsWith('unix://')) return unixAddress(option, text.slice('unix://'.length))
  let url: URL
  try {
    url = new URL(text.replace(/^(tcp|https?):/, 'engine:'))
  } catch {
    throw invalidOption(option, rule, withoutPassword(value))
  }
  if (url.hostname === '') throw invalidOption(option, rule, withoutPassword(value))
  if (url.protocol === 'ssh:') return sshAddress(option, url, value)
  if (url.protocol !== 'engine:') throw invalidOption(option, rule, withoutPassword(value))
  return tcpAddress(option, url, text.startsWith('https:') ? (tls ?? { verify: true }) : tls)
}

function unixAddress(option: string, path: string): Address {
  if (path !== '' && !path.startsWith('/')) {
    throw invalidOption(option, 'must name its socket by an absolute path', `unix://${path}`)
  }
  return { kind: 'unix', socketPath: path === '' ? defaultSocket : path }
}

function tcpAddress(option: string, url: URL, tls: TlsMaterial | undefined): Address {
  if (url.pathname !== '' && url.pathname !== '/') {
    throw invalidOption(option, 'must not have a path', withoutPassword(url.href.replace('engine:', 'tcp:')))
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (tls === undefined ? 2375 : 2376) : Number(url.port)
  return { kind: 'tcp', host, port, ...(tls === undefined ? {} : { tls }) }
}

function sshAddress(option: string, url: URL, value: string): Address {
  if (url.password !== '') {
    throw invalidOption(option, 'must not hold a password', withoutPassword(value), 'Use a key or an agent.')
  }
  // ssh would take such a name for one of its flags.
  if (url.hostname.startsWith('-') || url.username.startsWith('-')) {
    throw invalidOption(option, 'must not begin its host or user with a dash', value)
  }
  return {
    kind: 'ssh',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    socketPath: url.pathname === '' || url.pathname === '/' ? defaultSocket : url.pathname,
  }
}

function withoutPassword(value: string): string {
  return value.replace(/\/\/([^@/]*):[^@/]*@/, '//$1:…@')
}
