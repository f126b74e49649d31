/** Keys whose calls go to one worker each, as long as that lives. */
import { SessionLimitError, SessionLostError } from '../call-errors.ts';
import type { Clock, Timer } from '../os/os.ts';
import type { Member } from './member.ts';

/** The share of the greatest number from which on it is warned. */
const NEARLY_FULL = 0.8;
/** How often it is looked for those that were not used for too long, in milliseconds; or their time to live, if shorter. */
const LOOK_EVERY_MS = 10_000;

export class Session {
  readonly key: string;
  /** Undefined until its first call has found one. */
  member: Member | undefined;
  usedAt: number;
  /** Why its worker is no more; it can be used no more then. */
  lost: Error | undefined;
  /** Calls that wait or run. */
  #calls = 0;

  constructor(key: string, usedAt: number) {
    this.key = key;
    this.usedAt = usedAt;
  }

  get isInUse(): boolean {
    return this.#calls > 0;
  }

  callBegan(): void {
    this.#calls += 1;
  }

  callEnded(now: number): void {
    this.#calls -= 1;
    this.usedAt = now;
  }

  /** What its calls are rejected with, when it is lost. */
  get refusal(): SessionLostError | undefined {
    const { key, lost } = this;
    return lost && new SessionLostError(key, lost.message, { cause: lost });
  }

  bind(member: Member): void {
    this.member = member;
    member.sessions.add(this);
  }

  /** Its worker goes on without it, or it is about to get another. */
  unbind(): void {
    this.member?.sessions.delete(this);
    this.member = undefined;
  }

  lose(why: Error): void {
    this.unbind();
    this.lost = why;
  }
}

export interface SessionsOptions {
  readonly pool: string;
  readonly clock: Clock;
  readonly maxSessions: number;
  /** Milliseconds without a call after which a session is forgotten. */
  readonly sessionTtl: number;
  /** There are so many that it is worth knowing. */
  readonly onNearlyFull: (count: number) => void;
  /** A worker has one less. */
  readonly onForgotten: (member: Member | undefined) => void;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  #timer: Timer | undefined;
  #warned = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** For a call. Throws a `SessionLostError` for one that is lost, and a `SessionLimitError` for one too many. */
  use(key: string): Session {
    const { clock } = this.#options;
    const session = this.#sessions.get(key) ?? this.#open(key);
    const { refusal } = session;
    if (refusal !== undefined) throw refusal;
    session.usedAt = clock.monotonic();
    return session;
  }

  /** Begins anew with a session that is lost. */
  renew(key: string): void {
    if (this.#sessions.get(key)?.lost !== undefined) this.forget(key);
  }

  forget(key: string): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { member } = session;
    session.lose(new Error('it was closed'));
    this.#sessions.delete(key);
    if (this.#sessions.size < NEARLY_FULL * this.#options.maxSessions) this.#warned = false;
    this.#options.onForgotten(member);
  }

  close(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sessions.clear();
  }

  #open(key: string): Session {
    const { pool, maxSessions, clock, onNearlyFull } = this.#options;
    if (this.#sessions.size >= maxSessions) this.#forgetOld();
    if (this.#sessions.size >= maxSessions) throw new SessionLimitError(pool, maxSessions);
    const session = new Session(key, clock.monotonic());
    this.#sessions.set(key, session);
    if (!this.#warned && this.#sessions.size >= NEARLY_FULL * maxSessions) {
      this.#warned = true;
      onNearlyFull(this.#sessions.size);
    }
    this.#lookLater();
    return session;
  }

  #lookLater(): void {
    const { clock, sessionTtl } = this.#options;
    this.#timer ??= clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#forgetOld();
        if (this.#sessions.size > 0) this.#lookLater();
      },
      Math.min(LOOK_EVERY_MS, sessionTtl),
    );
  }

  #forgetOld(): void {
    const { clock, sessionTtl } = this.#options;
    const now = clock.monotonic();
    for (const { key, usedAt, isInUse } of [...this.#sessions.values()]) {
      if (!isInUse && now - usedAt >= sessionTtl) this.forget(key);
    }
  }
}
