/** A picture of all processes at one moment, and the question which of them a claim covers. */
import { type ProcessIdentity, sameProcess } from './identity.ts';
import type { Clock, Kernel, Self, Sighting } from './os.ts';

/**
 * A process proven to be ours by other means than its mark, and the session it was in: a child that we have not reaped,
 * or one whose pid and start time nobody else has, had or will have. Whatever mark it carries by now, it is the same.
 */
export interface Known extends ProcessIdentity {
  readonly session: number;
}

/** A session whose leader, ours, was reaped: its members born before `bornBy` are ours. */
export interface OrphanedSession {
  readonly session: number;
  readonly bornBy: number;
}

/** What we say is ours: whatever carries this mark, the processes known to be ours, and all that comes of both. */
export interface Claim {
  readonly runId: string;
  /** Undefined claims the whole run. */
  readonly workerId: string | undefined;
  readonly known: readonly Known[];
  readonly orphanedSessions?: readonly OrphanedSession[];
  /** Our own run, when this claim is on another around it: its processes carry both marks, and are spared. */
  readonly spare?: string;
}

/** A process that is ours if its parent, or its session's leader, is still the one that we saw. */
export interface Doubt {
  readonly of: Sighting;
  readonly dependsOn: Sighting;
}

export interface Examination {
  readonly covered: readonly Sighting[];
  readonly doubts: readonly Doubt[];
}

export class Census {
  /** In the unit of start times: every sighting is from after this. */
  readonly begun: number;
  /** Nothing was born while it was taken: what it does not show was not there. */
  readonly still: boolean;
  readonly #byPid = new Map<number, Sighting>();
  readonly #byParent = new Map<number, Sighting[]>();
  readonly #bySession = new Map<number, Sighting[]>();
  readonly #byRun = new Map<string, Sighting[]>();
  /** By run and worker, as `markKey` makes it of both. */
  readonly #byMark = new Map<string, Sighting[]>();
  readonly #forbidden: ReadonlySet<number>;

  constructor(sightings: readonly Sighting[], self: Self, begun: number, still = false) {
    this.begun = begun;
    this.still = still;
    for (const sighting of sightings) {
      this.#byPid.set(sighting.pid, sighting);
      add(this.#byParent, sighting.parent, sighting);
      add(this.#bySession, sighting.session, sighting);
      for (const { runId, workerId } of sighting.cookies ?? []) {
        add(this.#byRun, runId, sighting);
        add(this.#byMark, markKey(runId, workerId), sighting);
      }
    }
    this.#forbidden = this.#ourselvesAndAncestors(self);
  }

  /** The worker IDs that living processes of this run are marked with. */
  workersSeen(runId: string): ReadonlySet<string> {
    const alive = (this.#byRun.get(runId) ?? []).filter((sighting) => this.#isFairGame(sighting));
    const marks = alive.flatMap((sighting) => sighting.cookies ?? []);
    return new Set(marks.filter((mark) => mark.runId === runId).map((mark) => mark.workerId));
  }

  /**
   * The living processes that a claim covers: those marked or known, their descendants, and the members of the
   * sessions they lead. Never pid 1, ourselves, our ancestors or our own group, whatever they carry.
   *
   * A picture of many processes is not taken in one moment: a pid may have had two owners while it was, and a child of
   * the one then looks like a child of the other. Not where both ends of the link were born before it was begun, for
   * two that lived at that moment had two pids. What hangs by a younger link is left out, unless it is in `proven`.
   *
   * Who is dead and not reaped is not covered; but its pid is its own still, and what is left in its session its.
   */
  covered(claim: Claim): readonly Sighting[] {
    return this.examine(claim).covered;
  }

  /** What is covered; and what is left out for want of proof, with what to look at again for it. */
  examine(claim: Claim, proven: ReadonlySet<Sighting> = new Set()): Examination {
    const found = new Set<Sighting>();
    const doubts = new Map<Sighting, Doubt>();
    const queue = [...this.#marked(claim), ...this.#known(claim), ...this.#orphaned(claim)];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (found.has(next) || this.#isForbidden(next) || isSpared(next, claim)) continue;
      found.add(next);
      for (const follower of this.#followersOf(next)) {
        if (proven.has(follower) || this.#isOlder(next, follower)) queue.push(follower);
        else doubts.set(follower, { of: follower, dependsOn: next });
      }
    }
    const isOpen = ({ of }: Doubt) => !found.has(of) && this.#isFairGame(of) && !isSpared(of, claim);
    return {
      covered: [...found].filter(({ zombie }) => !zombie),
      doubts: [...doubts.values()].filter(isOpen),
    };
  }

  /**
   * Those amid their end whose marks cannot be read any more, and that may be ours: they were when we looked last, or are
   * in a session of ours. They get no signal for that, but hold open what they held.
   *
   * @param before what was ours then; in the same tick another may have its pid, and is waited for
   */
  ending(claim: Claim, before: readonly Sighting[]): readonly Sighting[] {
    const known = this.#known({ known: before });
    const inSessions = (claim.orphanedSessions ?? []).flatMap(({ session }) => this.#leftIn(session));
    return [...known, ...inSessions].filter((one) => isEnding(one) && this.#isFairGame(one));
  }

  #followersOf(one: Sighting): readonly Sighting[] {
    const children = this.#byParent.get(one.pid) ?? [];
    return one.session === one.pid ? [...children, ...(this.#bySession.get(one.session) ?? [])] : children;
  }

  #isOlder(...ends: readonly Sighting[]): boolean {
    return ends.every(({ startTime }) => startTime < this.begun);
  }

  #marked(claim: Claim): readonly Sighting[] {
    const { runId, workerId } = claim;
    const marked =
      workerId === undefined ? this.#byRun.get(runId) : this.#byMark.get(markKey(runId, workerId));
    return marked ?? [];
  }

  #known({ known: all }: Pick<Claim, 'known'>): readonly Sighting[] {
    return all.flatMap((known) => {
      const sighting = this.#byPid.get(known.pid);
      if (sighting === undefined || !sameProcess(sighting, known)) return [];
      return sighting.session === known.session ? [sighting] : [];
    });
  }

  #orphaned(claim: Claim): readonly Sighting[] {
    return (claim.orphanedSessions ?? []).flatMap(({ session, bornBy }) =>
      // Who told of its death late may be wrong about when the number was free.
      this.#leftIn(session).filter(
        (member) => member.startTime < bornBy && !isMarkedOtherwise(member, claim),
      ),
    );
  }

  /** The kernel gives no pid out again that is still some session's: whoever has it, none of ours was left in ours. */
  #leftIn(session: number): readonly Sighting[] {
    return this.#byPid.has(session) ? [] : (this.#bySession.get(session) ?? []);
  }

  #isFairGame(sighting: Sighting): boolean {
    return !sighting.zombie && !this.#isForbidden(sighting);
  }

  #isForbidden({ pid }: Sighting): boolean {
    return pid <= 1 || this.#forbidden.has(pid);
  }

  #ourselvesAndAncestors(self: Self): ReadonlySet<number> {
    const forbidden = new Set<number>();
    const own = this.#byPid.get(self.identity.pid);
    for (let at = own; at !== undefined && !forbidden.has(at.pid); at = this.#byPid.get(at.parent)) {
      forbidden.add(at.pid);
    }
    for (const sighting of this.#byPid.values()) {
      if (sighting.group === own?.group) forbidden.add(sighting.pid);
    }
    return forbidden;
  }
}

/** Amid its end, its marks gone already: they tell nothing of whose it is. */
export const isEnding = ({ dying, cookies }: Sighting): boolean => dying && cookies === undefined;

/** Has this process one of the marks that the claim is about? */
export function carries({ cookies }: Sighting, claim: Pick<Claim, 'runId' | 'workerId'>): boolean {
  return (cookies ?? []).some(
    ({ runId, workerId }) =>
      runId === claim.runId && (claim.workerId === undefined || workerId === claim.workerId),
  );
}

/** No environment holds a zero byte. */
const markKey = (runId: string, workerId: string): string => `${runId}\0${workerId}`;

const isSpared = (sighting: Sighting, { spare }: Claim): boolean =>
  spare !== undefined && carries(sighting, { runId: spare, workerId: undefined });

/** Its mark can be read, and is another run's or worker's. */
function isMarkedOtherwise(sighting: Sighting, claim: Claim): boolean {
  return (sighting.cookies ?? []).length > 0 && !carries(sighting, claim);
}

/** One census serves all who ask before it begins; who asks while one is under way shares the next. */
export class SharedCensus {
  readonly #kernel: Kernel;
  readonly #clock: Pick<Clock, 'turn'>;
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<Census> | undefined;

  constructor(kernel: Kernel, clock: Pick<Clock, 'turn'>) {
    this.#kernel = kernel;
    this.#clock = clock;
  }

  /** A census begun after this call. Deaths and requests come in crowds: one serves all that have come by now. */
  take(): Promise<Census> {
    this.#next ??= this.#underWay.then(async () => {
      await this.#clock.turn();
      this.#next = undefined;
      const begun = this.#kernel.startTimeNow();
      const newest = this.#kernel.lastPid();
      let vanished = false;
      const sightings = this.#kernel.census(() => {
        vanished = true;
      });
      this.#underWay = sightings.catch(() => undefined);
      const all = await sightings;
      // A child has its pid a little before it can be listed: if its parent forks no more, it is there to be seen, or gone.
      const still = newest !== undefined && newest === this.#kernel.lastPid() && !vanished;
      return new Census(all, this.#kernel.self, begun, still);
    });
    return this.#next;
  }
}

function add<K>(index: Map<K, Sighting[]>, key: K, sighting: Sighting): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [sighting]);
  else list.push(sighting);
}
