/** What the guide says of breakers, once more and apart from the machine that does it: for whoever judges the latter. */
import type { BreakerState } from '../src/tasks/breakers.ts';
import type { Limits, Settings } from './tasks-plan.ts';

/** What has become of an attempt; `unclear`: whether it counts cannot be told from outside. */
export type Outcome = 'ok' | 'failed' | 'inference' | 'void' | 'unclear';

/** Something that concerns a key. */
export interface Deed {
  readonly key: string;
  readonly at: number;
  /** Whether its task is an experiment, by its own word or its key's. */
  readonly adhoc: boolean;
  readonly what: 'begun' | 'blocked' | Outcome;
  /** The same for the beginning and the end of one. */
  readonly attempt: object;
}

/** All that there is to know of a key; a new one for each deed. */
interface Known {
  readonly adhoc: boolean;
  readonly state: BreakerState;
  readonly isProbing: boolean;
  /** As it was promised when it opened. */
  readonly probeAt: number;
  /** Failures in a row, and when those were that count for opening fast. */
  readonly failures: number;
  readonly fast: readonly number[];
  /** Which attempts count: those that were begun since it opened or closed last. */
  readonly counting: ReadonlySet<object>;
  readonly isClear: boolean;
}

const FRESH: Known = {
  adhoc: false,
  state: 'closed',
  isProbing: false,
  probeAt: 0,
  failures: 0,
  fast: [],
  counting: new Set(),
  isClear: true,
};
const CLEAN = { failures: 0, fast: [], counting: new Set<object>(), isProbing: false };

const isEnd = ({ what }: Deed): boolean => what !== 'begun' && what !== 'blocked';

/** So many are followed at a time. */
const MOST_WORLDS = 16;
/** Of more than so many not every order is tried. */
const MOST_PERMUTED = 6;

/** In which deeds may have been done, as they were heard first. Nothing ends before it has begun. */
function* ordersOf(deeds: readonly Deed[]): Generator<readonly Deed[]> {
  yield deeds;
  if (deeds.length <= MOST_PERMUTED) {
    yield* permutations(deeds);
    return;
  }
  const isNew = ({ attempt }: Deed) =>
    deeds.some((other) => other.what === 'begun' && other.attempt === attempt);
  const ends = deeds.filter((deed) => isEnd(deed) && !isNew(deed));
  const others = deeds.filter((deed) => !ends.includes(deed));
  yield [...ends, ...others];
  yield [...others, ...ends];
  // Who makes an experiment of a key may have been the first to ask, and the last to be heard.
  yield [...deeds].sort((one, other) => Number(other.adhoc) - Number(one.adhoc));
}

function* permutations(deeds: readonly Deed[]): Generator<readonly Deed[]> {
  if (deeds.length === 0) yield [];
  for (const [at, first] of deeds.entries()) {
    const rest = deeds.toSpliced(at, 1);
    const isTooEarly =
      isEnd(first) && rest.some(({ what, attempt }) => what === 'begun' && attempt === first.attempt);
    if (isTooEarly) continue;
    for (const order of permutations(rest)) yield [first, ...order];
  }
}

export class BreakerJudge {
  readonly #settings: Settings['breaker'];
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;
  /** More than one, as long as it cannot be told in which order things were done. */
  readonly #keys = new Map<string, readonly Known[]>();
  readonly seen = { opened: 0, openedFast: 0, probed: 0, refused: 0, closed: 0, stale: 0, voided: 0 };

  constructor(settings: Settings['breaker']) {
    this.#settings = settings;
  }

  reset(): void {
    this.#keys.clear();
  }

  markAdhoc(key: string): void {
    const before = this.#keys.get(key) ?? [FRESH];
    this.#keys.set(
      key,
      before.map((known) => ({ ...known, adhoc: true })),
    );
  }

  /**
   * What was done to a key at one moment, and the state it is said to have then. Returns what is wrong with it.
   *
   * What happens at one moment is heard in whatever order: it must make sense in one of them.
   */
  judge(key: string, deeds: readonly Deed[], state: BreakerState): string | undefined {
    const worlds = this.#keys.get(key) ?? [FRESH];
    const possible = new Map<string, Known>();
    let complaint: string | undefined;
    for (const before of worlds) {
      for (const order of ordersOf(deeds)) {
        const known = this.#live(before, order, state);
        if (typeof known === 'string') complaint ??= `'${key}': ${known}`;
        else if (possible.size < MOST_WORLDS) possible.set(this.#nameOf(known), known);
      }
    }
    const [first] = possible.values();
    if (first === undefined) return complaint;
    this.#keys.set(key, [...possible.values()]);
    this.#count(worlds[0]!, first, deeds);
    return undefined;
  }

  /** The same for what makes no difference. */
  #nameOf({ counting, ...known }: Known): string {
    const ids = [...counting].map((attempt) => {
      const id = this.#ids.get(attempt) ?? this.#lastId++;
      this.#ids.set(attempt, id);
      return id;
    });
    return JSON.stringify({ ...known, ids: ids.sort((a, b) => a - b) });
  }

  #live(before: Known, deeds: readonly Deed[], state: BreakerState): Known | string {
    let known: Known = before;
    for (const deed of deeds) {
      const next = this.#after(known, deed);
      if (typeof next === 'string') return next;
      known = next;
    }
    const now = this.#dueAt(known, deeds[0]!.at);
    if (now.isClear && now.state !== state) return `it is ${state}, and should be ${now.state}`;
    return known;
  }

  #limits({ adhoc }: Known): Limits {
    return this.#settings[adhoc ? 'adhoc' : 'regular'];
  }

  #dueAt(known: Known, at: number): Known {
    const isDue = known.state === 'open' && at >= known.probeAt;
    return isDue ? { ...known, ...CLEAN, state: 'half-open' } : known;
  }

  #after(before: Known, deed: Deed): Known | string {
    const { what, adhoc, at, attempt } = deed;
    const known = isEnd(deed) ? before : this.#dueAt({ ...before, adhoc: before.adhoc || adhoc }, at);
    if (what === 'unclear') return { ...known, isClear: false };
    if (!known.isClear) return known;
    const isShut = known.state === 'open' || known.isProbing;
    if (what === 'blocked') return isShut ? known : `a task is blocked though it is ${known.state}`;
    if (what === 'begun') {
      if (isShut) return `a task is begun though it is ${known.state}${known.isProbing ? ', probing' : ''}`;
      return {
        ...known,
        isProbing: known.state === 'half-open',
        counting: new Set([...known.counting, attempt]),
      };
    }
    return known.counting.has(attempt) ? this.#counted(known, what, at) : known;
  }

  /** One that counts has ended. */
  #counted(known: Known, what: 'ok' | 'failed' | 'inference' | 'void', at: number): Known {
    if (known.state === 'half-open') {
      if (what === 'void') return { ...known, ...CLEAN };
      return what === 'ok' ? { ...known, ...CLEAN, state: 'closed' } : this.#opened(known, at);
    }
    if (what === 'void') return known;
    if (what === 'ok') return { ...known, failures: 0 };
    const { failures: most, fastFail } = this.#limits(known);
    const failures = known.failures + 1;
    const isFast = fastFail !== false && !(known.adhoc && what === 'inference');
    const recent = fastFail === false ? [] : known.fast.filter((time) => at - time <= fastFail.within);
    const fast = isFast ? [...recent, at] : recent;
    if (failures >= most || (fastFail !== false && fast.length >= fastFail.failures))
      return this.#opened(known, at);
    return { ...known, failures, fast };
  }

  #opened(known: Known, at: number): Known {
    return { ...known, ...CLEAN, state: 'open', probeAt: at + this.#limits(known).resetAfter };
  }

  #count(before: Known, after: Known, deeds: readonly Deed[]): void {
    if (!after.isClear) return;
    const { seen } = this;
    const hasOpened = after.state === 'open' && (before.state !== 'open' || after.probeAt > before.probeAt);
    if (hasOpened) seen.opened += 1;
    if (hasOpened && before.state === 'closed' && before.failures + 1 < this.#limits(before).failures)
      seen.openedFast += 1;
    if (after.isProbing && !before.isProbing) seen.probed += 1;
    if (before.isProbing && deeds.some(({ what }) => what === 'blocked')) seen.refused += 1;
    if (before.state === 'half-open' && after.state === 'closed') seen.closed += 1;
    for (const deed of deeds) {
      const { what, attempt } = deed;
      if (isEnd(deed) && !before.counting.has(attempt)) seen.stale += 1;
      if (what === 'void' && before.isProbing && before.counting.has(attempt)) seen.voided += 1;
    }
  }
}
