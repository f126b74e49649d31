/** What a pool has done, and how it stands. */
import { type Durations, Histogram } from './histogram.ts';

export interface PoolStats {
  /** Workers that are ready, and not on their way out. */
  readonly ready: number;
  readonly starting: number;
  /** Of those that are ready: they have at least one call, or are lent. */
  readonly busy: number;
  readonly leased: number;
  readonly sessions: number;
  /** Calls that wait for a worker. */
  readonly queued: number;
  /** Milliseconds that the one waits that has waited longest. */
  readonly queueAge: number;
  /** Calls that a worker has. */
  readonly running: number;
  /** Since the pool was made; `made` is `ok + failed` and those that wait or run. */
  readonly calls: {
    readonly made: number;
    readonly ok: number;
    /** With those below. */
    readonly failed: number;
    readonly timedOut: number;
    readonly cancelled: number;
    /** How often one was given to another worker after the one that had it died. */
    readonly retried: number;
  };
  /** Workers, since the pool was made. */
  readonly workers: {
    readonly started: number;
    readonly failed: number;
    readonly lost: number;
    readonly recycled: number;
  };
  /** From the call to its worker, and from there to its answer. */
  readonly wait: Durations;
  readonly run: Durations;
}

export class PoolCounters {
  made = 0;
  ok = 0;
  failed = 0;
  timedOut = 0;
  cancelled = 0;
  retried = 0;
  started = 0;
  startsFailed = 0;
  lost = 0;
  recycled = 0;
  readonly waits = new Histogram();
  readonly runs = new Histogram();

  settled(isOk: boolean): void {
    if (isOk) this.ok += 1;
    else this.failed += 1;
  }

  calls(): PoolStats['calls'] {
    const { made, ok, failed, timedOut, cancelled, retried } = this;
    return { made, ok, failed, timedOut, cancelled, retried };
  }

  workers(): PoolStats['workers'] {
    const { started, startsFailed, lost, recycled } = this;
    return { started, failed: startsFailed, lost, recycled };
  }

  durations(): { readonly wait: Durations; readonly run: Durations } {
    return { wait: this.waits.summary(), run: this.runs.summary() };
  }
}
