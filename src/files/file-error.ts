import type { BuiltinFailure } from '../builtins/outcome.js'
import { ContainersError } from '../errors/containers-error.js'
import type { ErrorCode } from '../errors/error-code.js'

const denied = 'its user may not do that. Give the option `user`, or change its mode or owner.'
const full = 'there is no space left.'
const wrongType = 'it is neither a file nor a link to one.'

const kinds: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['PATH_NOT_FOUND', 'it does not exist.'],
  EEXIST: ['PATH_EXISTS', 'it exists already.'],
  EACCES: ['PATH_DENIED', denied],
  EPERM: ['PATH_DENIED', denied],
  EROFS: ['PATH_DENIED', 'it lies on a file system that is read-only.'],
  ENOTDIR: ['PATH_WRONG_TYPE', 'it, or something on the way to it, is not a folder.'],
  EISDIR: ['PATH_WRONG_TYPE', 'it is a folder.'],
  ENXIO: ['PATH_WRONG_TYPE', wrongType],
  ELOOP: ['PATH_WRONG_TYPE', 'its links lead nowhere, or are not to be followed.'],
  ENOTEMPTY: ['FOLDER_NOT_EMPTY', 'it is not empty. Give `recursive: true` to remove what is in it.'],
  ENOSPC: ['NO_SPACE', full],
  EDQUOT: ['NO_SPACE', full],
  EFBIG: ['FILE_TOO_LARGE', 'it is larger than `maxBytes`. Use `stream`.'],
  EXDEV: [
    'NOT_SUPPORTED',
    'it is not a file, and the target lies on another file system. Run `cp -a` and `remove` it.',
  ],
}

/** The error for what could not be done; `what` says what that is, such as `Reading /etc/hosts`. */
export function fileError(what: string, { errno, path }: BuiltinFailure): ContainersError {
  const [code, why] = kinds[errno] ?? (['FILE_FAILED', `the system says ${errno}.`] as const)
  const where = path === '' || what.includes(path) ? '' : `${path}: `
  return new ContainersError(code, `${what} failed: ${where}${why}`, { details: { path, errno } })
}

/** A watch uses up what the kernel counts for each user. */
export function watchError(what: string, failure: BuiltinFailure): ContainersError {
  if (failure.errno !== 'ENOSPC' && failure.errno !== 'EMFILE') return fileError(what, failure)
  const message = `${what} failed: the limit on watches is reached (fs.inotify.max_user_watches, max_user_instances).`
  return new ContainersError('FILE_FAILED', message, { details: { ...failure } })
}
