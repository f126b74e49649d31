/** Our circuit breaker beside cockatiel's: the same calls, failures and waits, and after each the same is let through. */
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../src/os/os.ts';
import { type BreakerState, Breakers, type Permit } from '../src/tasks/breakers.ts';
import { SEED } from './seed.ts';

const RUNS = 1_000;
const KEY = 'key';

/** What is not begun needs no end: `end` ends the nth of the calls that are open, `pass` lets time go by. */
type Step =
  | { readonly do: 'begin' }
  | { readonly do: 'end'; readonly which: number; readonly well: boolean }
  | { readonly do: 'pass'; readonly share: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('begin' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(3),
        well: fc.constantFrom(true, false, false),
      }),
    },
    // Of what an open one waits: a little less than all of it, and exactly that.
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('pass' as const), share: fc.constantFrom(0.3, 0.99, 1, 2) }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** One call of both. */
interface Call {
  readonly permit: Permit;
  readonly end: (well: boolean) => Promise<void>;
  /** It was begun before the breaker opened. */
  isStale: boolean;
}

const STATES: Readonly<Record<CircuitState, BreakerState | undefined>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: undefined,
};

class Pair {
  readonly #resetAfter: number;
  readonly #ours: Breakers;
  readonly #theirs;
  calls: Call[] = [];
  readonly seen = { opened: 0, refused: 0, probed: 0, closed: 0, stale: 0 };

  constructor(failures: number, resetAfter: number) {
    this.#resetAfter = resetAfter;
    const limits = { failures, fastFail: undefined, resetAfter };
    const clock = { now: Date.now, monotonic: Date.now } as Partial<Clock> as Clock; // it sets no timers
    this.#ours = new Breakers({ regular: limits, adhoc: limits }, clock);
    this.#theirs = circuitBreaker(handleAll, {
      halfOpenAfter: resetAfter,
      breaker: new ConsecutiveBreaker(failures),
    });
  }

  get #theirState(): BreakerState | undefined {
    return STATES[this.#theirs.state];
  }

  states() {
    return { ours: this.#ours.health(KEY).state, theirs: this.#theirState };
  }

  async step(step: Step): Promise<void> {
    const before = this.#theirState;
    if (step.do === 'pass') vi.advanceTimersByTime(Math.floor(step.share * this.#resetAfter));
    else if (step.do === 'begin') await this.#begin();
    else await this.#end(this.calls[step.which % this.calls.length], step.well);
    const after = this.#theirState;
    if (before !== 'open' && after === 'open') {
      this.seen.opened += 1;
      for (const call of this.calls) call.isStale = true;
    }
    if (before === 'half-open' && after === 'closed') this.seen.closed += 1;
    this.#compare();
  }

  async #begin(): Promise<void> {
    // Theirs lets a second call wait for the probe; ours refuses it, as a task that waits would keep a place from others.
    if (this.#theirState === 'half-open') {
      expect(this.#ours.admit(KEY, false)).toBeUndefined();
      this.seen.refused += 1;
      return;
    }
    const wasOpen = this.#theirState === 'open';
    // What was begun before it opened counts for theirs also later: only until a probe is begun they mean the same.
    if (wasOpen && this.calls.length > 0 && this.#ours.health(KEY).retryInMs === 0)
      for (const call of [...this.calls]) await this.#end(call, false);
    const permit = this.#ours.admit(KEY, false);
    const call = this.#callTheirs(permit);
    const isRefused = await call.isRefused;
    expect(permit === undefined, 'refused').toBe(isRefused);
    if (permit === undefined) this.seen.refused += 1;
    else this.calls.push({ permit, end: call.end, isStale: false });
    if (wasOpen && permit !== undefined) this.seen.probed += 1;
  }

  #callTheirs(permit: Permit | undefined) {
    let settle!: (well: boolean) => void;
    const work = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const over = this.#theirs
      .execute(async () => {
        if (!(await work)) throw new Error('failed');
      })
      .then(
        () => false,
        (error: unknown) => error instanceof BrokenCircuitError,
      );
    return {
      isRefused: Promise.race([over, turn().then(() => false)]),
      end: async (well: boolean): Promise<void> => {
        if (well) permit!.succeeded();
        else permit!.failed('unknown');
        settle(well);
        await over;
      },
    };
  }

  async #end(call: Call | undefined, well: boolean): Promise<void> {
    if (call === undefined) return;
    if (call.isStale) this.seen.stale += 1;
    this.calls = this.calls.filter((other) => other !== call);
    await call.end(well);
  }

  /** Theirs learns that it is time for a probe when somebody calls; ours also when somebody asks for its health. */
  #compare(): void {
    const { state, retryInMs } = this.#ours.health(KEY);
    const isDue = state === 'half-open' && this.#theirState === 'open';
    if (!isDue) expect(state).toBe(this.#theirState);
    expect(retryInMs > 0).toBe(state === 'open');
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('a circuit breaker', () => {
  test("opens, refuses, probes and closes as cockatiel's does", async () => {
    const seen = { opened: 0, refused: 0, probed: 0, closed: 0, stale: 0 };
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(100, 1_000),
        async (all, n, ms) => {
          const pair = new Pair(n, ms);
          for (const step of all) await pair.step(step);
          for (const what of Object.keys(seen) as (keyof typeof seen)[]) seen[what] += pair.seen[what];
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
  });

  /** On purpose: a failure that is old when a breaker has closed again says nothing of how its key does now. */
  test("takes no notice of what was begun before it opened, and cockatiel's does", async () => {
    const pair = new Pair(1, 100);
    for (const step of [{ do: 'begin' }, { do: 'begin' }] as const) await pair.step(step);
    await pair.step({ do: 'end', which: 1, well: false });
    const [stale] = pair.calls;
    pair.calls = []; // it goes on while there is a probe
    await pair.step({ do: 'pass', share: 1 });
    await pair.step({ do: 'begin' });
    await pair.step({ do: 'end', which: 0, well: true });
    await stale!.end(false);
    expect(pair.states()).toEqual({ ours: 'closed', theirs: 'open' });
  });
});
