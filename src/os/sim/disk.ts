/** A disk that several hosts share: files under names, and all that goes wrong with them. */
import { systemError } from './system-error.ts';

export type DiskFault = 'ENOSPC' | 'EIO' | 'EROFS' | 'EACCES';

export class Disk {
  readonly #files = new Map<string, string>();
  /** Every change fails with this, until it is undefined again. */
  fault: DiskFault | undefined;
  /** Asked before something is removed: what an onlooker wants to know. */
  onRemove: (path: string) => void = () => {};

  read(path: string): string | undefined {
    if (this.fault === 'EIO') throw systemError('EIO', path);
    return this.#files.get(path);
  }

  /** As an onlooker, whatever the disk does to others. */
  peek(path: string): string | undefined {
    return this.#files.get(path);
  }

  write(path: string, text: string): void {
    this.#complain(path);
    this.#files.set(path, text);
  }

  /** As much of a file as was written when its writer died. */
  tear(path: string, text: string): void {
    this.#files.set(path, text);
  }

  rename(from: string, to: string): void {
    this.#complain(from);
    const text = this.#files.get(from);
    if (text === undefined) throw systemError('ENOENT', from);
    this.#files.delete(from);
    this.#files.set(to, text);
  }

  /** A directory goes with all that is in it. */
  remove(path: string): void {
    const doomed = this.#below(path);
    if (doomed.length === 0) return;
    if (this.fault !== 'ENOSPC') this.#complain(path); // to remove takes no room
    for (const name of doomed) {
      this.onRemove(name);
      this.#files.delete(name);
    }
  }

  list(directory: string): readonly string[] {
    if (this.fault === 'EIO') throw systemError('EIO', directory);
    const names = this.#below(directory).map((path) => path.slice(directory.length + 1).split('/')[0]!);
    return [...new Set(names)].filter((name) => name !== '').sort();
  }

  makeDirectory(path: string): void {
    if (this.fault !== 'ENOSPC') this.#complain(path);
  }

  /** Every path there is, sorted. */
  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  #below(path: string): readonly string[] {
    return [...this.#files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  }

  #complain(path: string): void {
    if (this.fault !== undefined) throw systemError(this.fault, path);
  }
}
