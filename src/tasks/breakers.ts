/** The circuit breakers of a host, one for each key, and what is known of how well a key does. */
import { type ActorRefFrom, createActor } from 'xstate';
import type { Clock } from '../os/os.ts';
import { type BreakerEvent, type BreakerLimits, circuitBreakerMachine } from './circuit-breaker-machine.ts';
import type { FailureCategory } from './failure-category.ts';

/** Failures older than this are forgotten, in milliseconds. */
export const RECENT_MS = 300_000;
const MINUTE_MS = 60_000;
/** Of one key. More would say no more. */
const MOST_RECENT = 100;
/** Keys without a failure are forgotten, the oldest first, when there are more. */
export const MOST_KEYS = 10_000;

export type BreakerState = 'closed' | 'open' | 'half-open';
/** `low`: no recent failure · `medium`: some · `high`: one more may open it, or a probe is to decide · `critical`: open. */
export type RiskLevel = 'low' | 'medium' | 'high' | 'critical';

export interface KeyHealth {
  readonly state: BreakerState;
  /** In the last five minutes, 100 at most. */
  readonly recentFailures: number;
  /** In the last minute. */
  readonly failuresPerMinute: number;
  readonly riskLevel: RiskLevel;
  /** How many of the recent ones were of each kind. */
  readonly failureTypes: Readonly<Partial<Record<FailureCategory, number>>>;
  /** Milliseconds until a probe is let through; 0 when one would be now, or when nothing is in the way. */
  readonly retryInMs: number;
}

export interface BreakerSettings {
  readonly regular: BreakerLimits;
  readonly adhoc: BreakerLimits;
}

export const DEFAULT_BREAKER: BreakerSettings = {
  regular: { failures: 2, fastFail: { failures: 2, within: 10_000 }, resetAfter: 120_000 },
  adhoc: { failures: 4, fastFail: { failures: 2, within: 30_000 }, resetAfter: 120_000 },
};

/** Leave to run once; told once what came of it. */
export interface Permit {
  succeeded(): void;
  failed(category: FailureCategory): void;
  /** It shows nothing: it was cancelled, or never begun. */
  void(): void;
}

/** A key's. Permits that were given before it opened, or was reset, do not count any more. */
class Breaker {
  readonly #clock: Clock;
  readonly #actor: ActorRefFrom<typeof circuitBreakerMachine>;
  readonly #recent: { readonly at: number; readonly category: FailureCategory }[] = [];
  /** A new one with each change of its state. */
  #era = {};
  isAdhoc: boolean;

  constructor(limits: BreakerLimits, isAdhoc: boolean, clock: Clock) {
    this.#clock = clock;
    this.isAdhoc = isAdhoc;
    this.#actor = createActor(circuitBreakerMachine, { input: limits, clock: NO_CLOCK }).start();
  }

  get state(): BreakerState {
    this.#actor.send({ type: 'asked', at: this.#clock.monotonic() });
    const { value } = this.#actor.getSnapshot();
    return typeof value === 'string' ? value : 'half-open';
  }

  get isIdle(): boolean {
    return this.state === 'closed' && this.#recent.length === 0;
  }

  learn(limits: BreakerLimits): void {
    this.#actor.send({ type: 'limits', limits });
  }

  /** Undefined when it lets nobody through now. */
  admit(): Permit | undefined {
    const { state } = this;
    if (state === 'open') return undefined;
    if (state === 'half-open') {
      if (!this.#actor.getSnapshot().matches({ 'half-open': 'waiting' })) return undefined;
      this.#era = {};
      this.#actor.send({ type: 'probing' });
    }
    return this.#permit(this.#era);
  }

  health(): KeyHealth {
    const { state } = this;
    const now = this.#clock.monotonic();
    this.#forgetOld(now);
    const failureTypes: Partial<Record<FailureCategory, number>> = {};
    for (const { category } of this.#recent) failureTypes[category] = (failureTypes[category] ?? 0) + 1;
    const { probeAt } = this.#actor.getSnapshot().context;
    return {
      state,
      recentFailures: this.#recent.length,
      failuresPerMinute: this.#recent.filter(({ at }) => now - at < MINUTE_MS).length,
      riskLevel: this.#risk(state),
      failureTypes,
      retryInMs: state === 'open' ? Math.max(0, Math.ceil(probeAt - now)) : 0,
    };
  }

  reset(): void {
    this.#era = {};
    this.#recent.length = 0;
    this.#actor.send({ type: 'reset' });
  }

  #risk(state: BreakerState): RiskLevel {
    if (state === 'open') return 'critical';
    if (state === 'half-open') return 'high';
    const { failures, limits } = this.#actor.getSnapshot().context;
    if (failures > 0 && failures >= limits.failures - 1) return 'high';
    return this.#recent.length > 0 ? 'medium' : 'low';
  }

  #permit(era: object): Permit {
    let isSpent = false;
    const spend = (then: () => void): void => {
      if (isSpent) return;
      isSpent = true;
      then();
    };
    return {
      succeeded: () => spend(() => this.#settle(era, { type: 'succeeded' })),
      failed: (category) => spend(() => this.#failed(era, category)),
      void: () => spend(() => this.#settle(era, { type: 'probe.void' })),
    };
  }

  #failed(era: object, category: FailureCategory): void {
    const at = this.#clock.monotonic();
    this.#forgetOld(at);
    this.#recent.push({ at, category });
    if (this.#recent.length > MOST_RECENT) this.#recent.shift();
    // A model that has a bad moment is no reason to give up an experiment.
    this.#settle(era, { type: 'failed', at, isFast: !(this.isAdhoc && category === 'inference') });
  }

  #settle(era: object, event: BreakerEvent): void {
    if (era !== this.#era) return;
    const before = this.#actor.getSnapshot().value;
    this.#actor.send(event);
    if (this.#actor.getSnapshot().value !== before) this.#era = {};
  }

  #forgetOld(now: number): void {
    while (this.#recent.length > 0 && now - this.#recent[0]!.at >= RECENT_MS) this.#recent.shift();
  }
}

/** Breakers are asked, and set no timers. */
const NO_CLOCK = {
  setTimeout: () => {
    throw new Error('a breaker sets no timers');
  },
  clearTimeout: () => {},
};

const FRESH: KeyHealth = {
  state: 'closed',
  recentFailures: 0,
  failuresPerMinute: 0,
  riskLevel: 'low',
  failureTypes: {},
  retryInMs: 0,
};

export class Breakers {
  readonly #settings: BreakerSettings;
  readonly #clock: Clock;
  readonly #breakers = new Map<string, Breaker>();
  /** Keys that are ad hoc whatever is said of them later. */
  readonly #adhoc = new Set<string>();

  constructor(settings: BreakerSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Undefined when nobody is let through now. @param isAdhoc its tasks are experiments: once said, it stays so */
  admit(key: string, isAdhoc: boolean): Permit | undefined {
    if (isAdhoc) this.markAdhoc(key);
    return (this.#breakers.get(key) ?? this.#open(key)).admit();
  }

  /** Its tasks are experiments: they may fail more often. */
  markAdhoc(key: string): void {
    if (this.#adhoc.has(key)) return;
    const [oldest] = this.#adhoc;
    if (this.#adhoc.size >= MOST_KEYS) this.#adhoc.delete(oldest!);
    this.#adhoc.add(key);
    const breaker = this.#breakers.get(key);
    if (breaker === undefined) return;
    breaker.isAdhoc = true;
    breaker.learn(this.#settings.adhoc);
  }

  health(key: string): KeyHealth {
    return this.#breakers.get(key)?.health() ?? FRESH;
  }

  /** Every breaker is closed, and nothing is remembered: also permits that are out do not count any more. */
  resetAll(): void {
    for (const breaker of this.#breakers.values()) breaker.reset();
    this.#breakers.clear();
    this.#adhoc.clear();
  }

  #open(key: string): Breaker {
    if (this.#breakers.size >= MOST_KEYS) this.#forgetOne();
    const isAdhoc = this.#adhoc.has(key);
    const limits = isAdhoc ? this.#settings.adhoc : this.#settings.regular;
    const breaker = new Breaker(limits, isAdhoc, this.#clock);
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** The oldest that has nothing to remember; of those that have, the oldest. */
  #forgetOne(): void {
    for (const [key, breaker] of this.#breakers) {
      if (!breaker.isIdle) continue;
      this.#breakers.delete(key);
      return;
    }
    const [oldest] = this.#breakers.keys();
    this.#breakers.delete(oldest!);
  }
}
