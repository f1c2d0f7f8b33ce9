import { basename, dirname, join } from 'node:path'
import { asyncFiles, crypto } from '../internal/builtins.js'

/** Puts `bytes` in the place of the file, mode 0600: whoever reads sees the old or the new, also after a crash. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename, rm } = asyncFiles()
  const folder = dirname(path)
  const fresh = join(folder, `.${basename(path)}.${crypto().randomUUID()}`)
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Without it the rename itself may be lost with the power. Where folders cannot be opened there is no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await asyncFiles().open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
