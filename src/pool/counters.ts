/** What a pool has done so far. */
import { type Durations, Histogram } from './histogram.ts';
import type { PoolStats } from './pool-info.ts';

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
