/** Errors as Node makes them of what a system call answers. */

const ERRNO: Readonly<Record<string, number>> = {
  ENOENT: -2,
  EIO: -5,
  E2BIG: -7,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  ENOTDIR: -20,
  ENFILE: -23,
  EMFILE: -24,
  ENOSPC: -28,
  EROFS: -30,
};

export function systemError(code: string, about: string): Error {
  return Object.assign(new Error(`${code}: '${about}'`), { code, errno: ERRNO[code] });
}
