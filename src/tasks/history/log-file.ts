/** One stream of a task on its way to the disk: what comes while something is being written goes as one. */
import type { Logs } from '../../os/os.ts';

/** Bytes that wait for the disk, before the task has to wait too. */
const MOST_PENDING = 1_024 * 1_024;

export class LogFile {
  readonly #logs: Logs;
  readonly #path: string;
  readonly #mostBytes: number;
  readonly #onBroken: (error: unknown) => void;
  #pending: Uint8Array[] = [];
  /** Not on the disk yet. */
  #waiting = 0;
  #flushing: Promise<void> | undefined;
  #isBroken = false;
  /** Bytes that came, of which it may have fewer. */
  written = 0;

  /** @param mostBytes that it may have @param onBroken told once when the disk does not take it: nothing more is tried */
  constructor(logs: Logs, path: string, mostBytes: number, onBroken: (error: unknown) => void) {
    this.#logs = logs;
    this.#path = path;
    this.#mostBytes = mostBytes;
    this.#onBroken = onBroken;
  }

  get isFull(): boolean {
    return this.written > this.#mostBytes;
  }

  /** Resolves when there is room for more; undefined when there is. @param isOpen resolves when its directory is there */
  add(bytes: Uint8Array, isOpen: Promise<unknown>): Promise<void> | undefined {
    const kept = bytes.subarray(0, Math.max(0, this.#mostBytes - this.written));
    this.written += bytes.length;
    if (this.#isBroken || kept.length === 0) return undefined;
    this.#pending.push(kept);
    this.#waiting += kept.length;
    this.#flushing ??= this.#flush(isOpen);
    return this.#waiting > MOST_PENDING ? this.#flushing : undefined;
  }

  /** Resolves when all is on the disk that will be. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  /** What is to come is of no use any more. */
  giveUp(): void {
    this.#isBroken = true;
    this.#pending = [];
    this.#waiting = 0;
  }

  async #flush(isOpen: Promise<unknown>): Promise<void> {
    await isOpen;
    while (this.#pending.length > 0) {
      const bytes = Buffer.concat(this.#pending.splice(0));
      try {
        await this.#logs.append(this.#path, bytes);
      } catch (error) {
        this.giveUp();
        this.#onBroken(error);
      }
      this.#waiting = Math.max(0, this.#waiting - bytes.length);
    }
    this.#flushing = undefined;
  }
}
