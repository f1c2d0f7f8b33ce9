import type { ProgressMessage } from '../engine-types.js'

/** A message of a pull's or a build's progress, in our words. */
export function toProgress(value: Readonly<Record<string, unknown>>): ProgressMessage {
  const detail = objectOf(value['progressDetail'])
  const aux = objectOf(value['aux'])
  return {
    ...text('stream', value['stream']),
    ...text('status', value['status']),
    ...text('id', value['id']),
    ...number('current', detail['current']),
    ...number('total', detail['total']),
    ...text('error', value['error'] ?? objectOf(value['errorDetail'])['message']),
    ...text('imageId', aux['ID']),
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text<Name extends string>(name: Name, value: unknown): { [key in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { [key in Name]: string }) : {}
}

function number<Name extends string>(name: Name, value: unknown): { [key in Name]?: number } {
  return typeof value === 'number' ? ({ [name]: value } as { [key in Name]: number }) : {}
}
