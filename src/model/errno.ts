/** Linux error numbers that starting a process can meet. Source: asm-generic/errno-base.h and errno.h. */
const names: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 7: 'E2BIG', 8: 'ENOEXEC', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES',
  14: 'EFAULT', 20: 'ENOTDIR', 21: 'EISDIR', 22: 'EINVAL', 23: 'ENFILE', 24: 'EMFILE', 26: 'ETXTBSY', 28: 'ENOSPC',
  30: 'EROFS', 36: 'ENAMETOOLONG', 38: 'ENOSYS', 40: 'ELOOP', 80: 'ELIBBAD', 84: 'EILSEQ',
} // prettier-ignore

/** The name of a Linux error number, whatever system this runs on. */
export function errnoName(number: number): string {
  return names[number] ?? `errno ${number}`
}
