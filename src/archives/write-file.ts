import { close, closeSync, futimes, futimesSync, open, openSync, write, writeFileSync } from 'node:fs'

/** Makes a new file with its content, permission bits and time. Fails when there is anything under the name. */
export function writeNewFile(path: string, content: Uint8Array, mode: number, mtime: Date): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => (error ? reject(error) : resolve())
    open(path, 'wx', mode, (openError, fd) => {
      if (openError) return done(openError)
      const finish = (error: Error | null): void =>
        close(fd, (closeError) => done(error ?? closeError ?? null))
      const writeOn = (offset: number): void => {
        if (offset === content.length) return futimes(fd, mtime, mtime, finish)
        write(fd, content, offset, content.length - offset, null, (error, written) =>
          error ? finish(error) : writeOn(offset + written),
        )
      }
      writeOn(0)
    })
  })
}

/** The same without leaving the thread. */
export function writeSmallFile(path: string, content: Uint8Array, mode: number, mtime: Date): void {
  const fd = openSync(path, 'wx', mode)
  try {
    writeFileSync(fd, content)
    futimesSync(fd, mtime, mtime)
  } finally {
    closeSync(fd)
  }
}
