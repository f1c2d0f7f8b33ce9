import type { Readable } from 'node:stream'

/**
 * Where a file is: absolute, or relative to the place's working folder. Bytes are for names that are not UTF-8.
 */
export type FilePath = string | Uint8Array

/** What every call takes. */
export interface FileOptions {
  /** By name, number or `uid:gid`; what may be done is what this user may do. Default: the place's own user. */
  user?: string
  /** Aborts the call; it then rejects with `ABORTED`. */
  signal?: AbortSignal
}

/** Options of {@link Files.read}. */
export interface ReadOptions extends FileOptions {
  /** A file with more bytes is refused with `FILE_TOO_LARGE`. Default: 256 MiB. */
  maxBytes?: number
}

/** Options of {@link Files.stream}. */
export interface StreamOptions extends FileOptions {
  /** Offset of the first byte. Default: 0. */
  start?: number
  /** Offset behind the last byte. Default: the file's end. */
  end?: number
}

/** What a file is to hold: text goes in as UTF-8. */
export type FileContent = string | Uint8Array | Readable

/** Options of {@link Files.write} and {@link Files.writeMany}. */
export interface WriteOptions extends FileOptions {
  /** Makes the folders on the way, with mode 0o755. Default: false. */
  createParents?: boolean
  /** Waits for the disk, so that the file survives a crash of the machine, whole. Default: false. */
  sync?: boolean
}

/** Options of {@link Files.write}. */
export interface WriteFileOptions extends WriteOptions {
  /** Permission bits, 0 to 0o7777. Default: those of the file that it replaces, else 0o644. */
  mode?: number
}

/** Options of {@link Files.list}, {@link Files.remove} and {@link Files.watch}. */
export interface TreeOptions extends FileOptions {
  /** Also what lies in the folders below. Default: false. */
  recursive?: boolean
}

/** Options of {@link Files.stat}. */
export interface StatOptions extends FileOptions {
  /** Of a link, tell of what it points to. Default: true. */
  followLink?: boolean
}

/** Options of {@link Files.mkdir}. */
export interface MkdirOptions extends FileOptions {
  /** Makes the folders on the way, too. Default: false. */
  createParents?: boolean
  /** Permission bits, 0 to 0o1777. Default: 0o755. */
  mode?: number
}

/** Options of {@link Files.move}. */
export interface MoveOptions extends FileOptions {
  /** Whether a file at the target is replaced; false: `PATH_EXISTS`. Default: true. */
  replace?: boolean
}

/** A file of {@link Files.writeMany}. */
export interface FileToWrite {
  path: FilePath
  content: FileContent
  /** As in {@link WriteFileOptions}. */
  mode?: number
}

export type FileType = 'file' | 'folder' | 'link' | 'fifo' | 'socket' | 'characterDevice' | 'blockDevice'

/** What is known of a file, a folder or anything else that has a name. */
export interface FileEntry {
  /** Relative to the folder that was listed. Bytes that are not UTF-8 show as U+FFFD. */
  readonly name: string
  /** What to give to other calls: the path that was asked for and the name; bytes where they are not UTF-8. */
  readonly path: FilePath
  readonly type: FileType
  readonly sizeBytes: number
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedAt: Date
  /** Where a link points to. */
  readonly target?: string
  /** A folder whose content is not listed because the user may not read it. */
  readonly unreadable?: true
}

/**
 * What has happened in a folder under watch. `overflow`: more happened than the kernel could tell, so look again;
 * the watch goes on. A new file may be told as `created` twice, and one that {@link Files.write} puts in place is told
 * as `changed`, whether it is new or not.
 */
export type FileChange =
  | { readonly type: 'created' | 'changed' | 'removed'; readonly path: FilePath }
  | { readonly type: 'moved'; readonly path: FilePath; readonly from: FilePath }
  | { readonly type: 'overflow' }
