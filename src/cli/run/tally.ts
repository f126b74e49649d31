/** The sums of a run, kept as tasks end: a million results would not fit into memory. */
import { type TaskResult, type TaskStatus, wasRetried } from '../../tasks/result.ts';
import { count } from '../table.ts';

export class Tally {
  readonly #counts: Record<TaskStatus, number> = {
    ok: 0,
    failed: 0,
    'timed-out': 0,
    'terminated-early': 0,
    blocked: 0,
    skipped: 0,
    cancelled: 0,
  };
  #retried = 0;
  #fallbacks = 0;

  add(result: TaskResult): void {
    this.#counts[result.status] += 1;
    if (wasRetried(result)) this.#retried += 1;
    if (result.fallbackOf !== undefined) this.#fallbacks += 1;
  }

  get total(): number {
    return Object.values(this.#counts).reduce((sum, number) => sum + number, 0);
  }

  get ok(): number {
    return this.#counts.ok;
  }

  /** Neither ok nor given up by us. */
  get failed(): number {
    return this.total - this.ok - this.#counts.cancelled;
  }

  /** For `--json`. Not `summarize()`'s: that names tasks, and a million names would not fit into memory either. */
  summary() {
    return {
      total: this.total,
      counts: { ...this.#counts },
      retried: this.#retried,
      fallbacks: this.#fallbacks,
    };
  }

  /** `3 tasks: 1 ok, 2 failed`. */
  describe(): string {
    const counts = Object.entries(this.#counts).filter(([, number]) => number > 0);
    return `${count(this.total, 'task')}: ${counts.map(([status, number]) => `${number} ${status}`).join(', ')}`;
  }
}
