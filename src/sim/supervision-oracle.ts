/** Judges supervisors by what they were promised to be: the order of starts and stops, how often and whom they restart. */
import type { Cause, ExitReason, TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';
import { CallOracle } from './call-oracle.ts';
import type { Invariant } from './invariants.ts';
import { type Kinship, pathOf } from './kinship.ts';
import { Promises } from './promises.ts';
import type { Tell } from './told-calls.ts';
import { above, isGroup, type Promised, type PromisedChild } from './tree.ts';
import type { ChildState, Watched } from './watched.ts';

type EventOf<T extends TimedEvent['type']> = Extract<TimedEvent, { type: T }>;

/** Restarts after one loss of a forker count for one, if they are not further apart than this, in milliseconds. */
const ONE_LOSS_MS = 1_000;

export class SupervisionOracle {
  readonly #machine: SimMachine;
  readonly #kinship: Kinship;
  readonly #fail: (invariant: Invariant, detail: string) => void;
  readonly #promises = new Promises();
  readonly #calls: CallOracle;
  /** Those that were told to end before they were killed. */
  readonly #asked = new WeakSet<SimProcess>();

  constructor(machine: SimMachine, kinship: Kinship, fail: (invariant: Invariant, detail: string) => void) {
    this.#machine = machine;
    this.#kinship = kinship;
    this.#fail = fail;
    this.#calls = new CallOracle(machine, kinship, this.#promises, fail);
  }

  /** This tree begins in this run; another one that was there under its name has ended. */
  promise(runId: string, tree: readonly Promised[]): void {
    this.#promises.make(runId, tree);
  }

  /** Somebody calls a supervisor of this run. */
  called(runId: string): Tell {
    return (path, call) => this.#calls.made(runId, path, call);
  }

  heard(runId: string, event: TimedEvent): void {
    switch (event.type) {
      case 'worker.state':
        this.#note(runId, event.path, event.state);
        break;
      case 'child.started':
        if (event.child === 'supervisor') this.#isUp(runId, event.path);
        this.#explained(runId, event);
        break;
      case 'child.stopping':
        this.#stopping(runId, event.path, event.because);
        break;
      case 'supervisor.decided':
        this.#decided(runId, event);
        break;
      case 'supervisor.restarting':
        this.#restarting(runId, event);
        break;
      case 'supervisor.exited':
        this.#ended(runId, event);
    }
  }

  /** A worker's own run signals its leader: what is to be told to end first is not just killed. */
  signalled(leader: SimProcess, signal: string): void {
    const { runId, workerId } = leader.origin!;
    if (signal !== 'SIGKILL') this.#asked.add(leader);
    if (signal !== 'SIGKILL' || this.#asked.has(leader) || !this.#kinship.isHostAlive(runId)) return;
    const path = pathOf(workerId);
    const isGentle = this.#promises.above(runId, path)?.gentle.has(path) === true;
    if (!isGentle || this.#promises.isHurried(runId, above(path))) return;
    // Unless it is the last thing that its host does: told to end twice, it takes its children along.
    this.#machine.timeline.add(0, () => {
      if (!this.#kinship.isHostAlive(runId)) return;
      this.#fail('otp-order', `${workerId} is killed without having been told to end`);
    });
  }

  #note(runId: string, path: string, state: ChildState): void {
    const watched = this.#promises.above(runId, path);
    if (watched === undefined) return;
    if (state === 'spawning') this.#begins(runId, path, watched);
    if (state === 'spawning' || !watched.begunAt.has(path)) {
      watched.begunAt.set(path, this.#machine.timeline.now);
    }
    watched.states.set(path, state);
    // The first that is begun below a supervisor is its beginning.
    const parent = this.#promises.above(runId, above(path));
    if (state === 'spawning' && parent !== undefined) {
      const before = parent.states.get(above(path));
      if (before === undefined || before === 'exited') this.#note(runId, above(path), 'spawning');
    }
  }

  /** A supervisor is ready when its children are, or have ended. */
  #isUp(runId: string, path: string): void {
    this.#note(runId, path, 'running');
    this.#promises.above(runId, path)?.begunAt.set(path, this.#machine.timeline.now); // the latest that it can have been
    const watched = this.#promises.of(runId, path);
    if (watched === undefined) return;
    this.#judge('otp-order', watched, ({ children }) => {
      const isLate = (child: PromisedChild) =>
        [undefined, 'spawning'].includes(watched.states.get(child.path));
      const late = children.find(isLate);
      return late && `${path} is told ready before ${late.path} is`;
    });
  }

  /** OTP's order: each starts when all before it are up, or have ended for good; in a group nobody after it lives. */
  #begins(runId: string, path: string, watched: Watched): void {
    const { states, called, unexplained, wave } = watched;
    unexplained.delete(path); // the last time it may not have come up
    if (watched.isForgotten(path)) this.#fail('otp-order', `${path} starts, and was forgotten`);
    const isGentle = watched.may.every((promised) => childIn(promised, path)?.gentle === true);
    if (isGentle) watched.gentle.add(path);
    else watched.gentle.delete(path);
    const having = watched.may.filter((promised) => placeOf(promised, path) >= 0);
    const isOrdered = having.length > 0 && having.every(({ ordered }) => ordered);
    const isInWave = wave?.left.delete(path) === true;
    // Whoever was called for comes back with its group, or as somebody calls for it once more.
    const isCalled = called.has(path) && !isInWave;
    if (isCalled && having.length > 0 && watched.may.length === 1) unexplained.add(path);
    if (!isOrdered || isCalled) return;
    const isFirst = !states.has(path);
    const untimely = (promised: Promised) => this.#untimely(runId, path, watched, promised, isInWave);
    const fault = isFirst || isInWave ? watched.fault(untimely) : 'alone';
    if (fault === undefined) return;
    // Whom it concerned is not known while there may be another strategy: a reconfiguration may start it, as it will say.
    if (isInWave ? watched.may.length > 1 : !isFirst) unexplained.add(path);
    else this.#fail('otp-order', fault);
  }

  /** What is wrong with a beginning at this time. */
  #untimely(
    runId: string,
    path: string,
    { states, called, added, wave }: Watched,
    promised: Promised,
    isInWave: boolean,
  ): string | undefined {
    const { strategy, children } = promised;
    const isFirst = !states.has(path);
    const place = placeOf(promised, path);
    if (place < 0) return `${path} starts, and is no child`;
    if (!isFirst && !isGroup(promised)) return undefined; // alone
    for (const { path: other } of children.slice(0, place)) {
      const state = states.get(other);
      // What a reconfiguration brings does not wait for those that are started again, each alone.
      const isDue = !added.has(path) || added.has(other);
      const isLate = (state === 'spawning' && isDue) || (isFirst && state === undefined);
      if (isLate && !called.has(other)) return `${path} starts before ${other} is up`;
      const old = isInWave && strategy === 'one_for_all' && this.#bornBefore(runId, other, wave!.since);
      if (old) return `${path} starts again, and ${old} was not stopped`;
    }
    if (!isGroup(promised) || (isFirst && added.has(path))) return undefined;
    const later = children.slice(place + 1).map((child) => child.path);
    const living = later.find((other) => this.#lives(runId, other) && !called.has(other));
    return living && `${path} starts again while ${living} lives`;
  }

  /** Alone, and not by its own end: somebody has to have called for it. */
  #explained(runId: string, { path, because }: EventOf<'child.started'>): void {
    const watched = this.#promises.above(runId, path);
    if (isReconfiguration(because)) watched?.applied.started.push(path);
    watched?.called.delete(path); // it has its place again
    const isAskedFor = because?.by === 'call' && because.call !== 'terminateChild';
    if (watched?.unexplained.delete(path) !== true || isAskedFor) return;
    this.#fail('otp-order', `${path} is started again, and nobody has said why`);
  }

  /** Whoever of a group lives when it is started again has been started again before. */
  #bornBefore(runId: string, path: string, since: number): string | undefined {
    return this.#kinship
      .leadersOf(runId)
      .filter(([workerId]) => pathOf(workerId) === path)
      .find(
        ([, leader]) => leader.alive && this.#kinship.isOurs(leader) && this.#kinship.bornAt(leader) < since,
      )?.[0];
  }

  /** Whom a supervisor stops by itself, it stops when nobody after that one lives. */
  #stopping(runId: string, path: string, because: Cause | undefined): void {
    const watched = this.#promises.above(runId, path);
    if (watched === undefined) return;
    if (because?.by === 'call') watched.called.add(path);
    if (isReconfiguration(because)) {
      const before = watched.stopsToApply(path).find((other) => this.#lives(runId, other));
      if (before !== undefined) this.#fail('otp-order', `${path} is stopped while ${before} lives`);
    }
    if (because?.by === 'call') return;
    this.#judge('otp-order', watched, (promised) => {
      const place = placeOf(promised, path);
      if (!promised.ordered || place < 0) return undefined;
      const living = promised.children.slice(place + 1).find((other) => this.#lives(runId, other.path));
      return living && `${path} is stopped while ${living.path} lives`;
    });
  }

  #decided(runId: string, { path, decision, reason, at }: EventOf<'supervisor.decided'>): void {
    const watched = this.#promises.above(runId, path);
    if (watched === undefined) return;
    const { now } = this.#machine.timeline;
    const within = (times: readonly number[], { period }: Promised) =>
      times.filter((time) => time > now - period).length;
    if (decision === 'give-up') {
      this.#judge('restarts-within-intensity', watched, (promised) => {
        const counted = within(watched.mayCount, promised);
        if (counted >= promised.intensity) return undefined;
        return `the supervisor of ${path} gives up with ${counted} restarts`;
      });
    }
    if (decision !== 'restart') return;
    this.#judge('otp-order', watched, (promised) => {
      const restart = childIn(promised, path)?.restart;
      if (restart !== 'temporary' && (restart !== 'transient' || !isDone(reason))) return undefined;
      return `${path} is ${restart}, and is restarted after an end that is ${reason.kind}`;
    });
    watched.decided.add(path);
    this.#charge(watched, reason);
    this.#judge('restarts-within-intensity', watched, (promised) => {
      const counted = within(watched.doCount, promised);
      if (counted <= promised.intensity) return undefined;
      return `${path} at ${at}: ${counted} within ${promised.period} ms`;
    });
  }

  #charge(watched: Watched, { kind }: ExitReason): void {
    const { now } = this.#machine.timeline;
    const isLoss = kind === 'forker-lost';
    if (isLoss && now - watched.lastLoss < ONE_LOSS_MS) return;
    if (isLoss) watched.lastLoss = now;
    watched.charge(now);
  }

  #restarting(runId: string, { path }: EventOf<'supervisor.restarting'>): void {
    const watched = this.#promises.above(runId, path);
    if (watched === undefined) return;
    if (!watched.decided.delete(path)) {
      this.#fail('restarts-within-intensity', `${path} is restarted, and it was not counted`);
    }
    const left = new Set(watched.may.flatMap((promised) => concernedBy(promised, path)));
    watched.wave = { since: this.#machine.timeline.now, left };
  }

  /** What is below it begins anew, if it does. */
  #ended(runId: string, { path, reason }: EventOf<'supervisor.exited'>): void {
    const watched = this.#promises.of(runId, path);
    if (watched === undefined) return;
    const left = [...watched.children].find((child) => this.#lives(runId, child));
    if (left !== undefined) this.#fail('stopped-means-empty', `${left} lives on after its supervisor`);
    this.#calls.nothingLives(runId, path, 'lives on after its supervisor');
    if (reason.kind === 'auto-shutdown') {
      this.#judge('otp-order', watched, (promised) => {
        const child = childIn(promised, reason.path);
        const isOver = child?.restart === 'temporary' || isDone(reason.reason);
        if (promised.autoShutdown !== 'never' && child?.significant === true && isOver) return undefined;
        return `${path} is done because of ${reason.path}, which is ${reason.reason.kind}`;
      });
    }
    this.#promises.renew(runId, path);
    this.#note(runId, path, 'exited');
  }

  /** A worker that is not told dead yet, or a supervisor with one below it. */
  #lives(runId: string, path: string): boolean {
    const below = this.#promises.of(runId, path);
    if (below !== undefined) return [...below.children].some((child) => this.#lives(runId, child));
    const state = this.#promises.above(runId, path)?.states.get(path);
    return state !== undefined && state !== 'exited';
  }

  #judge(invariant: Invariant, watched: Watched, judge: (promised: Promised) => string | undefined): void {
    const fault = watched.fault(judge);
    if (fault !== undefined) this.#fail(invariant, fault);
  }
}

const placeOf = ({ children }: Promised, path: string): number =>
  children.findIndex((child) => child.path === path);

const childIn = ({ children }: Promised, path: string): PromisedChild | undefined =>
  children.find((child) => child.path === path);

/** Whom a restart of this child concerns. */
function concernedBy(promised: Promised, path: string): readonly string[] {
  const paths = promised.children.map((child) => child.path);
  if (promised.strategy === 'one_for_one') return [path];
  return promised.strategy === 'one_for_all' ? paths : paths.slice(placeOf(promised, path));
}

const isReconfiguration = (because: Cause | undefined): boolean =>
  because?.by === 'call' && because.call === 'reconfigure';

/** OTP's normal and shutdown. */
const isDone = ({ kind }: ExitReason): boolean =>
  ['normal', 'shutdown', 'intensity-exceeded', 'auto-shutdown'].includes(kind);
