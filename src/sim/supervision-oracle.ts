/** Judges supervisors by what they were promised to be: the order of starts and stops, how often and whom they restart. */
import type { Cause, ExitReason, TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';
import type { Invariant } from './invariants.ts';
import { type Kinship, pathOf } from './kinship.ts';
import { above, type Promised, type PromisedChild } from './tree.ts';

type EventOf<T extends TimedEvent['type']> = Extract<TimedEvent, { type: T }>;

/** Restarts after one loss of a forker count for one, if they are not further apart than this, in milliseconds. */
const ONE_LOSS_MS = 1_000;

/** What is known of a living supervisor, or of one that is about to be. */
interface Watched {
  readonly promised: Promised;
  /** By path; none for those that have not been begun. */
  readonly states: Map<string, 'spawning' | 'running' | 'stopping' | 'exited'>;
  /** Those that somebody has called for by name: they have no order any more. */
  readonly called: Set<string>;
  /** Those that are being started again, it is not known yet why. */
  readonly unexplained: Set<string>;
  /** When the restarts were that count. */
  restarts: readonly number[];
  lastLoss: number;
  /** The decisions to restart that have not been carried out. */
  readonly decided: Set<string>;
  /** A group that is being started again, since when, and who of it is to come. */
  wave: { readonly since: number; readonly left: Set<string> } | undefined;
}

export class SupervisionOracle {
  readonly #machine: SimMachine;
  readonly #kinship: Kinship;
  readonly #fail: (invariant: Invariant, detail: string) => void;
  /** By run and path. */
  readonly #watched = new Map<string, Watched>();
  /** Those that were told to end before they were killed. */
  readonly #asked = new WeakSet<SimProcess>();

  constructor(machine: SimMachine, kinship: Kinship, fail: (invariant: Invariant, detail: string) => void) {
    this.#machine = machine;
    this.#kinship = kinship;
    this.#fail = fail;
  }

  /** This tree begins in this run; another one that was there under its name has ended. */
  promise(runId: string, tree: readonly Promised[]): void {
    for (const promised of tree) this.#watch(runId, promised);
  }

  #watch(runId: string, promised: Promised): void {
    this.#watched.set(`${runId} ${promised.path}`, {
      promised,
      states: new Map(),
      called: new Set(),
      unexplained: new Set(),
      restarts: [],
      lastLoss: Number.NEGATIVE_INFINITY,
      decided: new Set(),
      wave: undefined,
    });
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
    if (this.#promised(runId, path)?.gentle !== true) return;
    // Unless it is the last thing that its host does: told to end twice, it takes its children along.
    this.#machine.timeline.add(0, () => {
      if (!this.#kinship.isHostAlive(runId)) return;
      this.#fail('otp-order', `${workerId} is killed without having been told to end`);
    });
  }

  #note(runId: string, path: string, state: 'spawning' | 'running' | 'stopping' | 'exited'): void {
    const watched = this.#watchedAbove(runId, path);
    if (watched === undefined) return;
    if (state === 'spawning') this.#begins(runId, path, watched);
    watched.states.set(path, state);
    // The first that is begun below a supervisor is its beginning.
    const parent = this.#watchedAbove(runId, above(path));
    if (state === 'spawning' && parent !== undefined) {
      const before = parent.states.get(above(path));
      if (before === undefined || before === 'exited') this.#note(runId, above(path), 'spawning');
    }
  }

  /** A supervisor is ready when its children are, or have ended. */
  #isUp(runId: string, path: string): void {
    this.#note(runId, path, 'running');
    const { states, promised } = this.#watched.get(`${runId} ${path}`) ?? {};
    const late = promised?.children.find((child) =>
      [undefined, 'spawning'].includes(states!.get(child.path)),
    );
    if (late !== undefined) this.#fail('otp-order', `${path} is told ready before ${late.path} is`);
  }

  /** OTP's order: each starts when all before it are up, or have ended for good; in a group nobody after it lives. */
  #begins(runId: string, path: string, watched: Watched): void {
    const { promised, states, called, wave } = watched;
    const { ordered, children } = promised;
    const place = children.findIndex((child) => child.path === path);
    if (!ordered || place < 0 || called.has(path)) return;
    const isFirst = !states.has(path);
    const isInWave = wave?.left.delete(path) === true;
    if (!isFirst && !isInWave) {
      watched.unexplained.add(path);
      return;
    }
    if (!isFirst && !isGroup(promised)) return; // alone
    for (const { path: other } of children.slice(0, place)) {
      const state = states.get(other);
      const isLate = state === 'spawning' || (isFirst && state === undefined);
      if (isLate && !called.has(other)) this.#fail('otp-order', `${path} starts before ${other} is up`);
      if (isInWave && promised.strategy === 'one_for_all') this.#mustBeNew(runId, other, path, wave!.since);
    }
    if (!isGroup(promised)) return;
    for (const { path: other } of children.slice(place + 1)) {
      if (this.#lives(runId, other) && !called.has(other))
        this.#fail('otp-order', `${path} starts again while ${other} lives`);
    }
  }

  /** Alone, and not by its own end: somebody has to have called for it. */
  #explained(runId: string, { path, because }: EventOf<'child.started'>): void {
    if (this.#watchedAbove(runId, path)?.unexplained.delete(path) !== true || because?.by === 'call') return;
    this.#fail('otp-order', `${path} is started again, and nobody has said why`);
  }

  /** Whoever of a group lives when it is started again has been started again before. */
  #mustBeNew(runId: string, path: string, after: string, since: number): void {
    const old = this.#kinship
      .leadersOf(runId)
      .filter(([workerId]) => pathOf(workerId) === path)
      .find(
        ([, leader]) => leader.alive && this.#kinship.isOurs(leader) && this.#kinship.bornAt(leader) < since,
      );
    if (old !== undefined) this.#fail('otp-order', `${after} starts again, and ${old[0]} was not stopped`);
  }

  /** Whom a supervisor stops by itself, it stops when nobody after that one lives. */
  #stopping(runId: string, path: string, because: Cause | undefined): void {
    const watched = this.#watchedAbove(runId, path);
    if (watched === undefined) return;
    if (because?.by === 'call') watched.called.add(path);
    const { ordered, children } = watched.promised;
    const place = children.findIndex((child) => child.path === path);
    if (because?.by === 'call' || !ordered || place < 0) return;
    const living = children.slice(place + 1).find((other) => this.#lives(runId, other.path));
    if (living !== undefined) this.#fail('otp-order', `${path} is stopped while ${living.path} lives`);
  }

  #decided(runId: string, { path, decision, reason, at }: EventOf<'supervisor.decided'>): void {
    const watched = this.#watchedAbove(runId, path);
    if (watched === undefined) return;
    const { intensity, period } = watched.promised;
    const counted = watched.restarts.filter((time) => time > this.#machine.timeline.now - period);
    if (decision === 'give-up' && counted.length < intensity) {
      const detail = `the supervisor of ${path} gives up with ${counted.length} restarts`;
      this.#fail('restarts-within-intensity', detail);
    }
    if (decision !== 'restart') return;
    const restart = this.#promised(runId, path)?.restart;
    if (restart === 'temporary' || (restart === 'transient' && isDone(reason))) {
      this.#fail('otp-order', `${path} is ${restart}, and is restarted after an end that is ${reason.kind}`);
    }
    watched.decided.add(path);
    this.#charge(watched, reason);
    if (watched.restarts.length > intensity) {
      const detail = `${path} at ${at}: ${watched.restarts.length} within ${period} ms`;
      this.#fail('restarts-within-intensity', detail);
    }
  }

  /** One more restart counts, and those of long ago do not. */
  #charge(watched: Watched, { kind }: ExitReason): void {
    const { now } = this.#machine.timeline;
    const isLoss = kind === 'forker-lost';
    watched.restarts = watched.restarts.filter((time) => time > now - watched.promised.period);
    if (isLoss && now - watched.lastLoss < ONE_LOSS_MS) return;
    if (isLoss) watched.lastLoss = now;
    watched.restarts = [...watched.restarts, now];
  }

  #restarting(runId: string, { path }: EventOf<'supervisor.restarting'>): void {
    const watched = this.#watchedAbove(runId, path);
    if (watched === undefined) return;
    if (!watched.decided.delete(path)) {
      this.#fail('restarts-within-intensity', `${path} is restarted, and it was not counted`);
    }
    const { strategy, children } = watched.promised;
    const place = children.findIndex((child) => child.path === path);
    const concerned = strategy === 'one_for_all' ? children : children.slice(place);
    const left = strategy === 'one_for_one' ? [path] : concerned.map((child) => child.path);
    watched.wave = { since: this.#machine.timeline.now, left: new Set(left) };
  }

  /** What is below it begins anew, if it does. */
  #ended(runId: string, { path, reason }: EventOf<'supervisor.exited'>): void {
    const watched = this.#watched.get(`${runId} ${path}`);
    if (watched === undefined) return;
    const left = watched.promised.children.find((child) => this.#lives(runId, child.path));
    if (left !== undefined) this.#fail('stopped-means-empty', `${left.path} lives on after its supervisor`);
    if (reason.kind === 'auto-shutdown') this.#mayShutDown(watched, reason);
    this.#watch(runId, watched.promised);
    this.#note(runId, path, 'exited');
  }

  #mayShutDown({ promised }: Watched, { path, reason }: { path: string; reason: ExitReason }): void {
    const child = promised.children.find((other) => other.path === path);
    const isOver = child?.restart === 'temporary' || isDone(reason);
    if (promised.autoShutdown !== 'never' && child?.significant === true && isOver) return;
    this.#fail('otp-order', `${promised.path} is done because of ${path}, which is ${reason.kind}`);
  }

  /** A worker that is not told dead yet, or a supervisor with one below it. */
  #lives(runId: string, path: string): boolean {
    const below = this.#watched.get(`${runId} ${path}`);
    if (below !== undefined) return below.promised.children.some((child) => this.#lives(runId, child.path));
    const state = this.#watchedAbove(runId, path)?.states.get(path);
    return state !== undefined && state !== 'exited';
  }

  #watchedAbove(runId: string, path: string): Watched | undefined {
    return this.#watched.get(`${runId} ${above(path)}`);
  }

  #promised(runId: string, path: string): PromisedChild | undefined {
    return this.#watchedAbove(runId, path)?.promised.children.find((child) => child.path === path);
  }
}

const isGroup = ({ strategy }: Promised): boolean =>
  strategy === 'one_for_all' || strategy === 'rest_for_one';

/** OTP's normal and shutdown. */
const isDone = ({ kind }: ExitReason): boolean =>
  ['normal', 'shutdown', 'intensity-exceeded', 'auto-shutdown'].includes(kind);
