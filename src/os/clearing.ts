/** Ends everything that a claim covers: looks, verifies, signals, and looks again until nothing is left. */
import {
  type Census,
  type Claim,
  carries,
  type Doubt,
  type Examination,
  type Known,
  type SharedCensus,
} from './census.ts';
import { childrenFirst } from './children-first.ts';
import { sameCookies } from './cookie.ts';
import { sameProcess } from './identity.ts';
import type { Clock, Kernel, Sighting, Signal, SignalOutcome, Timer } from './os.ts';

/** Milliseconds between two looks: short at first, because most processes obey at once. */
const FIRST_LOOK_AFTER = 2;
const LONGEST_WAIT = 250;
/** What is unmarked and born in this very tick, 10 ms on Linux, is looked at again: this often, 14 ms in all. */
const ENOUGH_LOOKS = 4;

export interface ClearingTools {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly census: SharedCensus;
}

export interface ClearingOptions {
  readonly claim: Claim;
  /**
   * How many looks in a row must find nothing, at least. One is enough only if nothing was born anywhere while it was
   * taken: what forks and dies as we look has a child that was not there when we began.
   */
  readonly emptyLooks: 1 | 2;
  readonly onSignal?: (target: Sighting, signal: Signal, outcome: SignalOutcome) => void;
}

interface Look {
  /** What is covered, or amid its end. */
  readonly left: readonly Sighting[];
  /** Nor is there anything that may be ours. */
  readonly isEmpty: boolean;
  /** Nothing was born while it was taken: what it does not show was not there. */
  readonly still: boolean;
}

export class Clearing {
  /**
   * Resolves when nothing is left of what the claim covers, or with what is left once it is abandoned; rejects when it
   * is abandoned at a time when processes cannot be listed.
   */
  readonly done: Promise<readonly Sighting[]>;
  /** Resolves when it knows what there is by more than its mark. */
  readonly looked: Promise<void>;
  readonly #tools: ClearingTools;
  readonly #options: ClearingOptions;
  #claim: Claim;
  /** Those that were known from the first: children of ours, until we reap them, or such as cannot be mistaken. */
  #certain: readonly Known[];
  #signal: Signal | undefined;
  /** Who had the present signal already, by pid. SIGKILL is repeated, others are not. */
  readonly #told = new Map<number, Sighting>();
  /** A group signalled as a whole, and when: its members from before need not be told again. */
  #toldGroup:
    | { readonly group: number; readonly leader: number | undefined; readonly at: number }
    | undefined;
  /** What was left when it looked last. */
  #left: readonly Sighting[] = [];
  /** The pids that were ours until something was heard while we look. */
  readonly #disowned = new Set<number>();
  #wait = FIRST_LOOK_AFTER;
  #abandoned = false;
  #looks = 0;
  /** Looks in a row in which something hung by another. */
  #waits = 0;
  #onLook: () => void = () => {};
  #wake: () => void = () => {};

  constructor(tools: ClearingTools, options: ClearingOptions) {
    this.#tools = tools;
    this.#options = options;
    this.#claim = options.claim;
    this.#certain = options.claim.known;
    this.looked = new Promise((resolve) => {
      this.#onLook = resolve;
    });
    this.done = this.#run().finally(this.#onLook);
  }

  /** What it knows to be ours by more than its mark, for whoever is to end more than this. */
  get knowledge(): Required<Pick<Claim, 'known' | 'orphanedSessions'>> {
    const { known, orphanedSessions = [] } = this.#claim;
    return { known, orphanedSessions };
  }

  /** From now on `signal` is what everything covered gets, once each (SIGKILL: at every look). */
  raise(signal: Signal, toldGroup?: number): void {
    this.#signal = signal;
    this.#told.clear();
    this.#toldGroup =
      toldGroup === undefined
        ? undefined
        : { group: toldGroup, leader: toldGroup, at: this.#tools.kernel.startTimeNow() };
    this.lookNow();
  }

  /** Something died: look again without waiting. */
  lookNow(): void {
    this.#wait = FIRST_LOOK_AFTER;
    this.#wake();
  }

  /** The leader of this session, ours, was reaped: what is left in it now is ours too. */
  inherit(session: number): void {
    // It was reaped a little before we hear of it, by a tick perhaps: since then the session's number was free.
    const bornBy = this.#tools.kernel.startTimeNow() - 1;
    const orphanedSessions = [...this.knowledge.orphanedSessions, { session, bornBy }];
    this.#claim = { ...this.#claim, orphanedSessions };
    this.#disown(session);
  }

  /** This child of ours was reaped: whoever has its pid now is another, whatever its start time. */
  #disown(pid: number): void {
    this.#disowned.add(pid);
    if (this.#toldGroup?.leader === pid) this.#toldGroup = { ...this.#toldGroup, leader: undefined };
    this.#certain = this.#certain.filter((known) => known.pid !== pid);
    this.#claim = { ...this.#claim, known: this.#claim.known.filter((known) => known.pid !== pid) };
  }

  /** Stop trying, whatever is left. */
  abandon(): void {
    this.#abandoned = true;
    this.#wake();
  }

  async #run(): Promise<readonly Sighting[]> {
    for (let empty = 0; ; ) {
      const look = this.#look();
      // Who cannot look, for want of a descriptor as a rule, has not found nothing: he looks again.
      const found = await look.catch(() => undefined);
      empty = found?.isEmpty === true ? empty + 1 : 0;
      this.#looks += 1;
      if (this.#looks === ENOUGH_LOOKS) this.#onLook();
      const enough = found?.still === true ? this.#options.emptyLooks : 2;
      if (empty >= enough || this.#abandoned) return (await look).left;
      if (empty === 0) await this.#pause();
    }
  }

  /** What it finds, and tells. */
  async #look(): Promise<Look> {
    this.#disowned.clear();
    const census = await this.#tools.census.take();
    const { covered, doubts } = await this.#examine(census);
    // Who was reaped as we looked may be in the picture still, and stand before what is left in its session: then that
    // there is nothing was not seen.
    if (covered.length === 0 && this.#disowned.size > 0) return this.#look();
    // Whoever has the pid of one born before the census will have started later. Of one born in this very tick, the
    // start time says too little: it has to be found again, by its mark.
    const isSettled = ({ startTime }: Sighting) => startTime < census.begun;
    const remembered = covered
      .filter((target) => isSettled(target) && !this.#disowned.has(target.pid))
      .map(remember);
    this.#claim = { ...this.#claim, known: [...this.#certain, ...remembered] };
    const isKnown = (target: Sighting) => isSettled(target) || carries(target, this.#claim);
    if (doubts.length === 0 && covered.every(isKnown)) this.#onLook();
    this.#left = [...new Set([...covered, ...census.ending(this.#claim, this.#left)])];
    const isEmpty = this.#left.length === 0 && doubts.length === 0;
    const found = { left: this.#left, isEmpty, still: census.still };
    // Those that no later look would find, once their parents are dead.
    const hanging = new Set(covered.filter((target) => !isKnown(target) && !this.#isCertain(target)));
    if (this.#mustWait(doubts.length > 0 || hanging.size > 0)) return found;
    const others = covered.filter((target) => !hanging.has(target));
    for (const target of [...childrenFirst(hanging), ...others]) await this.#tell(target);
    return found;
  }

  /**
   * What dies now leaves what hangs by it in doubt, or unknown, for ever: while there is such, and for some 14 ms, nobody
   * is told. After a tick what hangs is known by its start time, though it does not die of the signal and its parent does.
   */
  #mustWait(somethingHangs: boolean): boolean {
    this.#waits = somethingHangs ? this.#waits + 1 : 0;
    if (this.#waits === 1) this.#wait = FIRST_LOOK_AFTER;
    return this.#waits > 0 && this.#waits < ENOUGH_LOOKS;
  }

  #isCertain(target: Sighting): boolean {
    return this.#certain.some((known) => sameProcess(known, target));
  }

  async #examine(census: Census): Promise<Examination> {
    const first = census.examine(this.#claim);
    if (first.doubts.length === 0) return first;
    return census.examine(this.#claim, await this.#prove(first.doubts, census));
  }

  /** The young whose parent, or session's leader, is there still: it had its pid all the while, and they are its own. */
  async #prove(doubts: readonly Doubt[], census: Census): Promise<ReadonlySet<Sighting>> {
    const proven = new Set<Sighting>();
    for (const { of, dependsOn } of doubts) {
      if (dependsOn.startTime >= census.begun && !carries(dependsOn, this.#claim)) continue; // may be two of one tick
      const now = await this.#tools.kernel.sight(dependsOn.pid);
      if (now !== undefined && isSame(dependsOn, now)) proven.add(of);
    }
    return proven;
  }

  async #tell(target: Sighting): Promise<void> {
    const signal = this.#signal;
    if (signal === undefined || this.#wasTold(target)) return;
    // Verified again right before the signal: since the census its pid may have gone to somebody else.
    const now = await this.#tools.kernel.sight(target.pid);
    if (now === undefined || now.zombie || !isSame(target, now)) return;
    this.#told.set(target.pid, target);
    const outcome = this.#tools.kernel.signal(target.pid, signal); // not inside `?.()`: it would go unsent unheard
    this.#options.onSignal?.(target, signal, outcome);
  }

  #wasTold(target: Sighting): boolean {
    if (this.#signal === 'SIGKILL') return false;
    if (target.group === this.#toldGroup?.group) {
      // Who was born in the very tick of the signal may have been born after it: the leader alone was surely there.
      if (target.startTime < this.#toldGroup.at || target.pid === this.#toldGroup.leader) return true;
    }
    const told = this.#told.get(target.pid);
    return told !== undefined && isStill(told, target);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#tools.clock.setTimeout(resolve, this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
      this.#wake = () => {
        this.#tools.clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Start time, session and mark must all be what they were: the first alone may repeat within a clock tick. */
function isStill(before: Sighting, now: Sighting): boolean {
  return (
    sameProcess(before, now) &&
    before.session === now.session &&
    sameCookies(before.cookies ?? [], now.cookies ?? [])
  );
}

/**
 * And its parent, to be sure of it: an unmarked child of ours that has a session of its own may be followed, within its
 * tick, by a stranger who has one. Whoever has lost its parent meanwhile is found at the next look.
 */
const isSame = (before: Sighting, now: Sighting): boolean =>
  isStill(before, now) && before.parent === now.parent;

const remember = ({ bootId, pidNamespace, pid, startTime, session }: Sighting): Known => ({
  bootId,
  pidNamespace,
  pid,
  startTime,
  session,
});
