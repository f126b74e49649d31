/** The life of a pool on a simulated machine, as data: its options, what is asked of it, and what is done to it. */
import fc from 'fast-check';
import type { ServingDeed } from '../src/os/sim/serving-options.ts';
import type { PoolOptions } from '../src/pool/pool-options.ts';

/** What a new worker does before it serves; whoever is born after the last of them is well. */
export const BIRTHS = [
  'well',
  'slow',
  'late',
  'exits-before-ready',
  'exits-when-ready',
  'dies-soon',
  'closes',
  'hangs-in-warm-up',
] as const;
export type BirthKind = (typeof BIRTHS)[number];

/** What one call is, and what its worker does with it. */
export interface Ask {
  readonly deed: ServingDeed;
  /** How often it is done; whoever hears the call after that answers. */
  readonly times: number;
  /** Milliseconds of work. */
  readonly ms: number;
  readonly items: number;
  readonly ignoresCancel: boolean;
  readonly priority: number;
  readonly idempotent: boolean;
  readonly session: string | undefined;
  readonly timeout: number | undefined;
  readonly queueTimeout: number | undefined;
  /** Milliseconds after which its caller gives up. */
  readonly cancelAfter: number | undefined;
}

/** One that is answered soon. */
export const PLAIN: Ask = {
  deed: 'answers',
  times: 0,
  ms: 5,
  items: 0,
  ignoresCancel: false,
  priority: 0,
  idempotent: false,
  session: undefined,
  timeout: undefined,
  queueTimeout: undefined,
  cancelAfter: undefined,
};

export type Act =
  | { readonly do: 'call'; readonly ask: Ask; readonly count: number }
  /** Whoever asks takes so many items, each within so many milliseconds, and leaves. */
  | { readonly do: 'stream'; readonly ask: Ask; readonly takes: number; readonly pace: number }
  | { readonly do: 'map'; readonly ask: Ask; readonly count: number; readonly takes: number }
  /** Calls of one session, each so many milliseconds after the answer to the one before, until one fails. */
  | { readonly do: 'visit'; readonly session: string; readonly count: number; readonly pause: number }
  | {
      readonly do: 'lease';
      readonly asks: readonly Ask[];
      readonly hold: number;
      readonly end: 'release' | 'destroy';
      readonly timeout: number | undefined;
      readonly queueTimeout: number | undefined;
      readonly cancelAfter: number | undefined;
      readonly priority: number;
    }
  | { readonly do: 'harm'; readonly which: number; readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM' }
  | { readonly do: 'harm-forker'; readonly signal: 'SIGKILL' | 'SIGSTOP' }
  | { readonly do: 'fail-forks'; readonly count: number }
  | { readonly do: 'resize'; readonly min: number; readonly more: number }
  | { readonly do: 'recycle' }
  | { readonly do: 'renew' | 'forget'; readonly session: string }
  | { readonly do: 'wait-for-room' }
  | { readonly do: 'close' | 'destroy' | 'stop-host' };

export interface PoolPlan {
  readonly seed: number;
  readonly spawner: 'forker' | 'direct';
  readonly options: Omit<PoolOptions, 'name' | 'worker' | 'warmUp'>;
  readonly warmUp: 'none' | 'calls' | 'calls-on' | 'rejects-once';
  readonly births: readonly BirthKind[];
  /** Whoever is born before the pool is open is well. */
  readonly opensWell: boolean;
  /** Its workers hand their sessions on, or die of it. */
  readonly savesSessions: boolean | 'dies';
  /** Whoever hears the pool's events makes calls from there. */
  readonly eager: boolean;
  readonly steps: readonly { readonly after: number; readonly act: Act }[];
  readonly end: 'close' | 'destroy' | 'stop-host';
}

/** One in four. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const ms = fc.constantFrom(0, 1, 5, 20, 100, 400);
const session = fc.constantFrom('a', 'a', 'b', 'c');
const LONGER_THAN_LIVES_MS = 1_800_000;
const limit = fc.constantFrom(10, 50, 300, 2_000);

const ask: fc.Arbitrary<Ask> = fc.record({
  deed: fc.oneof(
    { weight: 6, arbitrary: fc.constant('answers' as const) },
    { weight: 3, arbitrary: fc.constantFrom('dies', 'hangs', 'forgets', 'fails') },
    { weight: 1, arbitrary: fc.constantFrom('answers-twice', 'garbles', 'misaddresses', 'closes') },
  ) as fc.Arbitrary<ServingDeed>,
  times: fc.constantFrom(1, 2, 9),
  ms,
  items: fc.constantFrom(0, 0, 3, 20, 200),
  ignoresCancel: fc.boolean(),
  priority: fc.constantFrom(0, 0, 0, -10, 1, 10),
  idempotent: fc.boolean(),
  session: maybe(session),
  timeout: maybe(limit),
  queueTimeout: maybe(limit),
  cancelAfter: maybe(ms),
});

const harm = fc.record({
  do: fc.constant('harm' as const),
  which: fc.nat(5),
  signal: fc.constantFrom('SIGKILL', 'SIGSTOP', 'SIGTERM'),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('call' as const), ask, count: fc.constantFrom(1, 1, 3, 8) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('stream' as const),
      ask,
      takes: fc.constantFrom(0, 1, 5, 999),
      pace: fc.constantFrom(0, 0, 1, 10),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('map' as const),
      ask,
      count: fc.integer({ min: 0, max: 8 }),
      takes: fc.constantFrom(1, 999, 999),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('visit' as const),
      session,
      count: fc.constantFrom(3, 10),
      pause: fc.constantFrom(0, 5, 100),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      asks: fc.array(ask, { maxLength: 3 }),
      hold: ms,
      end: fc.constantFrom('release', 'release', 'destroy'),
      timeout: maybe(limit),
      queueTimeout: maybe(limit),
      cancelAfter: maybe(ms),
      priority: fc.constantFrom(0, 0, -10, 10),
    }),
  },
  { weight: 4, arbitrary: harm },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('harm-forker' as const),
      signal: fc.constantFrom('SIGKILL', 'SIGKILL', 'SIGSTOP'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fail-forks' as const), count: fc.constantFrom(1, 6) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('resize' as const), min: fc.nat(3), more: fc.nat(2) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('recycle' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('renew', 'forget'), session }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait-for-room' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close', 'destroy', 'stop-host') }) },
) as fc.Arbitrary<Act>;

const MIB = 1_024 * 1_024;

const options = fc
  .record({
    min: fc.integer({ min: 0, max: 3 }),
    more: fc.integer({ min: 0, max: 2 }),
    tasksPerWorker: fc.constantFrom(1, 1, 2, 4),
    maxQueue: fc.constantFrom(0, 1, 2, 5, 20, 1_000),
    timeout: maybe(limit),
    queueTimeout: maybe(limit),
    cancelGrace: fc.constantFrom(0, 20, 1_000),
    idleTimeout: fc.constantFrom(10, 500, 60_000, Number.POSITIVE_INFINITY),
    heartbeat: fc.constantFrom(
      false as const,
      { interval: 10, misses: 1 },
      { interval: 200, misses: 3 },
      { interval: 1_000, misses: 2 },
    ),
    recycle: fc.record({
      afterCalls: fc.constantFrom(undefined, undefined, undefined, 1, 2, 5),
      afterAge: maybe(fc.constant(1_000)),
      afterMemory: maybe(fc.constant(2 * MIB)),
    }),
    attempts: fc.constantFrom(1, 2, 2, 3),
    maxSessions: fc.constantFrom(1, 2, 10),
    sessionTtl: maybe(fc.constantFrom(50, 1_000)).map((ttl) => ttl ?? LONGER_THAN_LIVES_MS),
    closeTimeout: fc.constantFrom(0, 100, 30_000),
  })
  .map(({ min, more, recycle, timeout, queueTimeout, heartbeat, ...rest }) => ({
    ...rest,
    heartbeat,
    min,
    max: Math.max(1, min + more),
    recycle: defined(recycle),
    ...defined({
      // What is stopped and never asked whether it lives is only noticed by a call's limit.
      timeout: timeout ?? (heartbeat === false ? 2_000 : undefined),
      queueTimeout,
    }),
    backoff: { initial: 20, max: 500 },
  }));

const defined = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

export const poolPlans: fc.Arbitrary<PoolPlan> = fc.record({
  seed: fc.nat(),
  spawner: fc.constantFrom('forker', 'forker', 'direct'),
  options,
  warmUp: fc.constantFrom('none', 'none', 'calls', 'calls-on', 'rejects-once'),
  births: fc.array(fc.constantFrom('well', ...BIRTHS), { maxLength: 6 }),
  opensWell: fc.constantFrom(true, true, true, true, false),
  savesSessions: fc.constantFrom(true, true, true, false, false, 'dies' as const),
  eager: fc.constantFrom(false, false, true),
  steps: fc.array(fc.record({ after: ms, act }), { maxLength: 20 }),
  end: fc.constantFrom('close', 'close', 'destroy', 'stop-host'),
});

/** Whether sessions are kept until they are lost, closed or begun anew: none is unused for too long. */
export const keepsSessions = ({ options: { sessionTtl = 0 } }: PoolPlan): boolean =>
  sessionTtl >= LONGER_THAN_LIVES_MS;
