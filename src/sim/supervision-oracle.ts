/** Judges supervisors by what they were promised to be: the order of starts and stops, how often and whom they restart. */
import type { TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';
import {
  type ChildOptions,
  DEFAULT_INTENSITY,
  DEFAULT_PERIOD_MS,
  type SupervisorOptions,
} from '../supervisor/supervisor-spec.ts';
import type { Invariant } from './invariants.ts';
import { type Kinship, pathOf } from './kinship.ts';

type Restart = NonNullable<ChildOptions['restart']>;

/** What was decided for a supervisor when it was started. */
export interface Promised {
  readonly intensity: number;
  readonly period: number;
  /** The paths of its children in the order of their start; none when there is no order. */
  readonly order: readonly string[];
  /** By path. */
  readonly restart: ReadonlyMap<string, Restart>;
  /** The paths of those that get SIGTERM before they get SIGKILL. */
  readonly gentle: ReadonlySet<string>;
}

export function promisedBy(options: SupervisorOptions): Promised {
  const {
    id,
    intensity = DEFAULT_INTENSITY,
    period = DEFAULT_PERIOD_MS,
    ordered = true,
    children = [],
  } = options;
  const paths = children.map((child) => `${id}/${child.id}`);
  return {
    intensity,
    period,
    order: ordered ? paths : [],
    restart: new Map(children.map(({ restart = 'permanent' }, index) => [paths[index]!, restart])),
    gentle: new Set(paths.filter((_, index) => isGentle(children[index]!))),
  };
}

const isGentle = ({ shutdown = 'infinity' }: ChildOptions): boolean =>
  shutdown === 'infinity' || (typeof shutdown === 'number' && shutdown > 0);

type EventOf<T extends TimedEvent['type']> = Extract<TimedEvent, { type: T }>;

/** Restarts after one loss of a forker count for one, if they are not further apart than this, in milliseconds. */
const ONE_LOSS_MS = 1_000;

export class SupervisionOracle {
  readonly #machine: SimMachine;
  readonly #kinship: Kinship;
  readonly #fail: (invariant: Invariant, detail: string) => void;
  readonly #promised = new Map<string, Promised>();
  /** The runs that are being stopped in order. */
  readonly #stopping = new Set<string>();
  /** The states of all children, by run and path. */
  readonly #states = new Map<string, string>();
  /** The children that were ready once, or were started again, by run and path. */
  readonly #everUp = new Set<string>();
  readonly #restarts = new Map<string, readonly number[]>();
  readonly #restartsAtExit = new Map<string, number>();
  readonly #lastForkerLoss = new Map<string, number>();
  /** Those that were told to end before they were killed. */
  readonly #asked = new WeakSet<SimProcess>();

  constructor(machine: SimMachine, kinship: Kinship, fail: (invariant: Invariant, detail: string) => void) {
    this.#machine = machine;
    this.#kinship = kinship;
    this.#fail = fail;
  }

  /** A supervisor begins at this path of this run; another one that was there has ended. */
  promise(runId: string, path: string, promised: Promised): void {
    const key = `${runId} ${path}`;
    this.#promised.set(key, promised);
    this.#restarts.delete(key);
    this.#lastForkerLoss.delete(key);
    for (const child of promised.restart.keys()) {
      this.#states.delete(`${runId} ${child}`);
      this.#everUp.delete(`${runId} ${child}`);
      this.#restartsAtExit.delete(`${runId} ${child}`);
    }
  }

  heard(runId: string, event: TimedEvent): void {
    switch (event.type) {
      case 'host.stopping':
        this.#stopping.add(runId);
        break;
      case 'forker.lost':
        this.#stopping.delete(runId); // all go at once, in no order
        break;
      case 'worker.state':
        this.#changed(runId, event);
        break;
      case 'worker.exited':
        this.#exited(runId, event);
        break;
      case 'supervisor.restarting':
        this.#restarting(runId, event);
        break;
      case 'supervisor.gave-up':
        this.#gaveUp(runId, event);
    }
  }

  /** A worker's own run signals its leader: what is to be told to end first is not just killed. */
  signalled(leader: SimProcess, signal: string): void {
    const { runId, workerId } = leader.origin!;
    if (signal !== 'SIGKILL') this.#asked.add(leader);
    if (signal !== 'SIGKILL' || this.#asked.has(leader) || !this.#kinship.isHostAlive(runId)) return;
    const path = pathOf(workerId);
    if (this.#promisedTo(runId, path)?.gentle.has(path) !== true) return;
    // Unless it is the last thing that its host does: told to end twice, it takes its children along.
    this.#machine.timeline.add(0, () => {
      if (!this.#kinship.isHostAlive(runId)) return;
      this.#fail('otp-order', `${workerId} is killed without having been told to end`);
    });
  }

  /** OTP's order: each starts when all before it are up, or have ended; each is stopped when none after it lives. */
  #changed(runId: string, { path, workerId, state }: EventOf<'worker.state'>): void {
    const order = this.#promisedTo(runId, path)?.order ?? [];
    const place = order.indexOf(path);
    const stateOf = (other: string) => this.#states.get(`${runId} ${other}`) ?? 'none';
    if (state === 'spawning' && stateOf(path) === 'none') {
      const late = order.slice(0, place).find((other) => ['none', 'spawning'].includes(stateOf(other)));
      if (late !== undefined) this.#fail('otp-order', `${path} starts before ${late} is up`);
    }
    const isAsked = state === 'stopping' && this.#kinship.leaderOf(runId, workerId)?.alive === true;
    if (isAsked && this.#stopping.has(runId) && place >= 0) {
      const living = order.slice(place + 1).find((other) => !['none', 'exited'].includes(stateOf(other)));
      if (living !== undefined) this.#fail('otp-order', `${path} is stopped while ${living} lives`);
    }
    this.#states.set(`${runId} ${path}`, state);
    if (state === 'running') this.#everUp.add(`${runId} ${path}`);
  }

  #restarting(runId: string, { path, reason, at }: EventOf<'supervisor.restarting'>): void {
    const promised = this.#promisedTo(runId, path);
    this.#everUp.add(`${runId} ${path}`);
    if (promised === undefined) return;
    const restart = promised.restart.get(path);
    if (restart === 'temporary' || (restart === 'transient' && reason.kind === 'normal')) {
      this.#fail('otp-order', `${path} is ${restart}, and is restarted after an end that is ${reason.kind}`);
    }
    const times = this.#charge(runId, path, reason.kind === 'forker-lost', promised);
    if (times.length > promised.intensity) {
      const detail = `${path} at ${at}: ${times.length} within ${promised.period} ms`;
      this.#fail('restarts-within-intensity', detail);
    }
  }

  /** The restarts that count, with this one. */
  #charge(runId: string, path: string, isLoss: boolean, { period }: Promised): readonly number[] {
    const key = `${runId} ${supervisorOf(path)}`;
    const { now } = this.#machine.timeline;
    const before = (this.#restarts.get(key) ?? []).filter((time) => time > now - period);
    const last = this.#lastForkerLoss.get(key);
    if (isLoss && last !== undefined && now - last < ONE_LOSS_MS) return before;
    if (isLoss) this.#lastForkerLoss.set(key, now);
    const times = [...before, now];
    this.#restarts.set(key, times);
    return times;
  }

  /** It may give up when the next restart is one too many, and not before. It says so when all have been stopped. */
  #gaveUp(runId: string, { path, because }: EventOf<'supervisor.gave-up'>): void {
    const promised = this.#promised.get(`${runId} ${path}`);
    const before = this.#restartsAtExit.get(`${runId} ${because}`);
    if (promised === undefined || before === undefined) return; // a first start that failed
    if (before < promised.intensity) {
      this.#fail(
        'restarts-within-intensity',
        `${path} gives up with ${before} restarts, because of ${because}`,
      );
    }
  }

  /** How many restarts counted when this child ended; nothing of one that was never up. */
  #exited(runId: string, { path }: EventOf<'worker.exited'>): void {
    const promised = this.#promisedTo(runId, path);
    if (promised === undefined || !this.#everUp.has(`${runId} ${path}`)) return;
    const times = this.#restarts.get(`${runId} ${supervisorOf(path)}`) ?? [];
    const since = this.#machine.timeline.now - promised.period;
    this.#restartsAtExit.set(`${runId} ${path}`, times.filter((time) => time > since).length);
  }

  #promisedTo(runId: string, path: string): Promised | undefined {
    return this.#promised.get(`${runId} ${supervisorOf(path)}`);
  }
}

const supervisorOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
