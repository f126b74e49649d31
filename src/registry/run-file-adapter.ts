/**
 * lowdb's way to a run's file. lowdb's own adapter names every temporary file the same and makes an early write wait
 * for all later ones; this one writes whatever is newest, once for all who wait, and answers each when its data is in.
 */
import type { Adapter } from 'lowdb';
import type { Files } from '../os/os.ts';
import { replaceFile } from '../os/replace-file.ts';

export class RunFileAdapter<T> implements Adapter<T> {
  readonly #files: Files;
  readonly #path: string;
  #writes = 0;
  #underWay: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #newest: T | undefined;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.#path = path;
  }

  async read(): Promise<T | null> {
    const text = await this.#files.read(this.#path);
    return text === undefined ? null : (JSON.parse(text) as T);
  }

  /** Resolves when `data`, or what came after it, as it is when the write begins, is under the file's name. */
  write(data: T): Promise<void> {
    this.#newest = data;
    this.#next ??= this.#underWay.then(() => {
      this.#next = undefined;
      const written = this.#replace(JSON.stringify(this.#newest));
      this.#underWay = written.catch(() => undefined);
      return written;
    });
    return this.#next;
  }

  #replace(text: string): Promise<void> {
    this.#writes += 1;
    return replaceFile(this.#files, this.#path, text, `${this.#path}.${this.#writes}.tmp`);
  }
}
