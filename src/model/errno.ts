/** Linux error numbers that starting a process or touching a file can meet. Source: asm-generic/errno-base.h and errno.h. */
const names: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 6: 'ENXIO', 7: 'E2BIG', 8: 'ENOEXEC', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES',
  14: 'EFAULT', 16: 'EBUSY', 17: 'EEXIST', 18: 'EXDEV', 19: 'ENODEV', 20: 'ENOTDIR', 21: 'EISDIR', 22: 'EINVAL', 23: 'ENFILE', 24: 'EMFILE', 26: 'ETXTBSY', 27: 'EFBIG', 28: 'ENOSPC',
  30: 'EROFS', 34: 'ERANGE', 36: 'ENAMETOOLONG', 38: 'ENOSYS', 39: 'ENOTEMPTY', 40: 'ELOOP', 80: 'ELIBBAD', 84: 'EILSEQ', 95: 'EOPNOTSUPP', 122: 'EDQUOT', 125: 'ECANCELED',
} // prettier-ignore

/** The name of a Linux error number, whatever system this runs on. */
export function errnoName(number: number): string {
  return names[number] ?? `errno ${number}`
}
