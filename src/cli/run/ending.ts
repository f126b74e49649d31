/** How a run ends: what decides its exit code before any count does, and whether all was shown. */
import { MANY_FAILED } from './halt.ts';

/** What has nothing to do with any one task, as GNU parallel has it. */
export const EXIT_OTHER = 255;
/** As shells see a process that wrote to a pipe which nobody reads. */
const EXIT_UNREAD = 128 + 13;

/**
 * `halt`: it has come to what `--halt` says · `unread`: nobody reads our output · `broken`: our output, the joblog or the
 * values cannot be written or read. The last two are above the first, as not all that counts was seen; else the first of
 * them decides.
 */
type Cause = 'halt' | 'unread' | 'broken';
const RANKS: Readonly<Record<Cause, number>> = { halt: 1, unread: 2, broken: 2 };

export class Ending {
  readonly #say: (complaint: string) => void;
  readonly #said = new Set<string>();
  #decided: { readonly cause: Cause; readonly code: number } | undefined;
  #isLost = false;
  #isLate = false;

  constructor(say: (complaint: string) => void) {
    this.#say = say;
  }

  get isDecided(): boolean {
    return this.#decided !== undefined;
  }

  /** Nobody is there to be told anything. */
  get isUnread(): boolean {
    return this.#decided?.cause === 'unread';
  }

  /** Some of what tasks have written was not shown, so that none of them can be logged. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The time for all was over before all was read. */
  get isLate(): boolean {
    return this.#isLate;
  }

  halted(code: number): void {
    this.#decide('halt', code);
  }

  unread(): void {
    this.#isLost = true;
    this.#decide('unread', EXIT_UNREAD);
  }

  /** Said, and once, whatever has ended us before. */
  broken(complaint: string): void {
    this.#isLost = true;
    this.#decide('broken', EXIT_OTHER);
    if (this.#said.has(complaint)) return;
    this.#said.add(complaint);
    this.#say(complaint);
  }

  lost(): void {
    this.#isLost = true;
  }

  late(): void {
    this.#isLate = true;
  }

  /** @param failed tasks */
  code(failed: number): number {
    if (this.#decided !== undefined) return this.#decided.code;
    return this.#isLate && failed === 0 ? EXIT_OTHER : Math.min(failed, MANY_FAILED);
  }

  #decide(cause: Cause, code: number): void {
    if (this.#decided === undefined || RANKS[cause] > RANKS[this.#decided.cause])
      this.#decided = { cause, code };
  }
}
