import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

export interface RequestOptions {
  body?: string | Buffer | Readable
  headers?: Record<string, string>
  /** For the response to begin. */
  timeoutMs?: number
}

export function openRequest(
  endpoint: string,
  method: string,
  path: string,
  options?: RequestOptions,
): Promise<IncomingMessage>

export function engineRequest(
  endpoint: string,
  method: string,
  path: string,
  json?: unknown,
  options?: RequestOptions,
): Promise<{ status: number; body: unknown }>
