import { invalidOption } from '../../errors/invalid-option.js'
import type { Subject } from './subject.js'

/** A name or id as one part of a path. Refuses what engines take for a path to another call, encoded or not. */
export function pathPart(thing: Subject['thing'], name: string): string {
  if (typeof name !== 'string' || /^\.{0,2}$|\//.test(name)) {
    throw invalidOption(`The ${thing}'s name`, 'must be a name or an id, without a slash', name)
  }
  return encodeURIComponent(name)
}

/** An image reference as a path: its slashes and colons stay. */
export function imagePath(reference: string): string {
  if (typeof reference !== 'string') throw invalidOption("The image's name", 'must be a reference', reference)
  return reference
    .split('/')
    .map((part) => pathPart('image', part).replaceAll('%3A', ':').replaceAll('%40', '@'))
    .join('/')
}
