import type { Readable } from 'node:stream'
import type { EntryOwner } from './pack-folder.js'

/** What lies at a path. */
export type PathKind = 'folder' | 'other' | 'nothing'

/** How files get in and out of one part of a container. Paths are absolute and free of links. */
export interface Place {
  kindOf(path: string): Promise<PathKind>
  /** Makes a folder and those above it that are missing. */
  makeFolder(path: string, owner: EntryOwner): Promise<void>
  /** Extracts a tar into an existing folder. */
  extract(folder: string, tar: Readable): Promise<void>
  /** A tar of a file or folder, under its last name. */
  pack(path: string): Promise<Readable>
}
