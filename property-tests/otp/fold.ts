/** Reeve's events folded to what OTP's side tells: what happened to which attempt of a child. */
import type { ReeveEvent } from '../../src/events.ts';
import type { ChildPlan } from './sequence.ts';
import { type Entry, type EntryKind, parentOf } from './step.ts';

/** The newest attempt to start a child. */
interface Seen {
  readonly attempt: number;
  readonly plan: ChildPlan;
  state: 'asked' | 'up' | 'dead';
}

export class Fold {
  readonly #entries: Entry[] = [];
  readonly #children = new Map<string, Seen>();

  attempt(path: string): number {
    return this.#children.get(path)?.attempt ?? 0;
  }

  planOf(path: string): ChildPlan | undefined {
    return this.#children.get(path)?.plan;
  }

  isUp(path: string): boolean {
    return this.#children.get(path)?.state === 'up';
  }

  /** Its start function is asked. Returns which attempt this is. */
  asked(path: string, plan: ChildPlan): number {
    const attempt = this.attempt(path) + 1;
    this.#children.set(path, { attempt, plan, state: 'asked' });
    return attempt;
  }

  waits(path: string): void {
    this.#note('gate', path);
  }

  /** Its process is no more, before anybody knows. */
  died(path: string): void {
    this.#note('die', path);
    this.#turn(path, 'dead');
  }

  /** The uppermost supervisor is told to end; no supervisor says so. */
  topStopping(path: string): void {
    this.#note('end', path);
  }

  /** The uppermost supervisor is up; no supervisor says so. */
  topStarted(path: string): void {
    this.#turn(path, 'up');
    this.#note('start', path);
  }

  heard(event: ReeveEvent): void {
    switch (event.type) {
      case 'child.started':
        this.#turn(event.path, 'up');
        this.#note('start', event.path);
        break;
      case 'child.stopping':
        this.#stopping(event.path);
        break;
      case 'worker.exited':
      case 'supervisor.exited':
        this.#exited(event.path, event.reason.kind);
        break;
      case 'supervisor.decided': {
        const supervisor = parentOf(event.path);
        if (event.decision === 'give-up') this.#note('gave_up', supervisor);
        if (event.decision === 'give-up' || event.decision === 'shut-down') this.#note('end', supervisor);
      }
    }
  }

  /** What happened since it was last asked. */
  take(): readonly Entry[] {
    return this.#entries.splice(0);
  }

  #stopping(path: string): void {
    if (!this.isUp(path)) return; // it is dead already, or its start is interrupted
    const { kind, shutdown } = this.#children.get(path)!.plan;
    if (kind !== 'worker') this.#note('end', path);
    // Of SIGKILL, and of OTP's `kill`, a worker cannot tell.
    else if (shutdown !== 'brutal') this.#note('stop', path);
  }

  #exited(path: string, kind: string): void {
    const before = this.#children.get(path)?.state;
    this.#turn(path, 'dead');
    if (before !== 'asked') return;
    if (kind === 'ignored') this.#note('start_ignore', path);
    else if (kind === 'start-refused' || kind === 'start-failed') this.#note('start_fail', path);
    // The start of the uppermost is its owner's to tell of.
    else if (parentOf(path) !== '') this.#note('interrupted', path);
  }

  #turn(path: string, state: Seen['state']): void {
    const seen = this.#children.get(path);
    if (seen !== undefined) seen.state = state;
  }

  #note(kind: EntryKind, path: string): void {
    this.#entries.push([kind, path, this.attempt(path)]);
  }
}
