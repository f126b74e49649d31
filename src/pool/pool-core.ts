/** A pool's parts, put together: who lends, who hires, who looks after health, wear and sessions, and the pool's life. */
import { type ActorRefFrom, createActor } from 'xstate';
import { PoolClosedError } from '../call-errors.ts';
import { errorOf, messageOf } from '../errors.ts';
import type { ReeveEvent } from '../events.ts';
import type { SharedCensus } from '../os/census.ts';
import type { Clock, Os } from '../os/os.ts';
import type { Clock as XStateClock } from '../supervisor/child-actors.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { SupervisorSpec } from '../supervisor/supervisor-spec.ts';
import { Lender } from './lender.ts';
import type { Member } from './member.ts';
import { type PoolPhase, poolMachine } from './pool-machine.ts';
import type { PoolSettings } from './pool-options.ts';
import { poolWorker } from './pool-worker.ts';
import { Pulse } from './pulse.ts';
import { Recycler } from './recycler.ts';
import { Sessions } from './session.ts';
import { Staff } from './staff.ts';

/** What a pool needs of its host. */
export interface PoolHost {
  readonly os: Os;
  readonly runId: string;
  readonly clock: XStateClock;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly census: SharedCensus;
  readonly report: (event: ReeveEvent) => void;
  readonly supervise: (spec: SupervisorSpec) => Promise<Supervisor>;
  /** At once. */
  readonly kill: (workerId: string) => void;
}

/** Shares of the longest queue: from the one on callers are asked to wait, until it is down to the other. */
const SATURATED = 0.5;
const RELIEVED = 0.25;

export class PoolCore {
  readonly settings: PoolSettings;
  readonly lender: Lender;
  readonly staff: Staff;
  readonly sessions: Sessions;
  readonly recycler: Recycler;
  readonly #host: PoolHost;
  readonly #pulse: Pulse | undefined;
  readonly #actor: ActorRefFrom<typeof poolMachine>;
  #supervisor: Supervisor | undefined;
  #phase: PoolPhase = 'opening';
  #isSaturated = false;
  #onRoom: (() => void)[] = [];
  #failure: Error | undefined;

  constructor(settings: PoolSettings, host: PoolHost) {
    this.settings = settings;
    this.#host = host;
    const { os, report } = host;
    const { clock } = os;
    const { name } = settings;
    const worker = poolWorker(settings, os.programs, (wire) => this.staff.connect(wire));
    this.lender = new Lender({ ...settings, pool: name, clock }, this.#lenderNeeds());
    this.sessions = new Sessions({
      ...settings,
      pool: name,
      clock,
      onNearlyFull: (count) =>
        report({ type: 'pool.sessions-nearly-full', pool: name, count, most: settings.maxSessions }),
      onForgotten: (member) => {
        if (member === undefined) return;
        this.recycler.next();
        this.staff.trim();
      },
    });
    this.staff = this.#newStaff(worker.form);
    const { lender, staff } = this;
    const shared = { clock, lender, staff, processes: os.processes };
    this.recycler = new Recycler({
      ...shared,
      pool: name,
      runId: host.runId,
      limits: settings.recycle,
      census: host.census,
      report,
    });
    this.#pulse = settings.heartbeat && new Pulse({ ...settings.heartbeat, ...shared });
    this.#actor = this.#newActor();
    this.#supervise(worker.supervisor);
  }

  get clock(): Clock {
    return this.#host.os.clock;
  }

  get phase(): PoolPhase {
    return this.#phase;
  }

  /** Throws when it takes no calls. */
  requireOpen(): void {
    if (this.#phase !== 'open') throw this.#closedError();
  }

  /** Resolves when the first workers are ready; rejects with why they are not, when nothing is left of them. */
  async opened(): Promise<void> {
    await this.#reached((phase) => phase === 'open' || phase === 'closed');
    if (this.#phase === 'closed') throw this.#failure ?? this.#closedError();
  }

  /** Resolves when nothing is left of it. */
  async end(how: 'close' | 'destroy'): Promise<void> {
    if (this.#phase !== 'closed') this.#actor.send({ type: how });
    this.#drainedYet();
    await this.closed();
  }

  closed(): Promise<void> {
    return this.#reached((phase) => phase === 'closed');
  }

  get hasRoom(): boolean {
    return !this.#isSaturated;
  }

  /** Resolves when callers need not wait. */
  whenRoom(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : new Promise((resolve) => this.#onRoom.push(resolve));
  }

  complain(error: unknown, what: string): void {
    this.#host.report({
      type: 'pool.warning',
      pool: this.settings.name,
      message: `${what} threw: ${messageOf(error)}`,
    });
  }

  /** A lease is over. */
  released(member: Member): void {
    this.lender.serve(member);
    this.recycler.next();
  }

  #lenderNeeds() {
    return {
      onQueueChanged: () => {
        this.staff.adjust();
        this.#feelQueue();
        this.#drainedYet();
      },
      onServed: () => this.#feelQueue(),
      refusal: () => this.staff.refusal(),
      onIdle: (member: Member) => {
        this.staff.idle(member);
        this.#drainedYet();
      },
      onWorn: (member: Member) => this.recycler.recycle(member, 'calls'),
      onStubborn: (member: Member, call: Parameters<Staff['stubborn']>[1]) =>
        this.staff.stubborn(member, call),
      complain: (error: unknown, what: string) => this.complain(error, what),
    };
  }

  #newStaff(form: 'json-lines' | 'frames'): Staff {
    const { os, chance, report, kill } = this.#host;
    return new Staff({
      settings: this.settings,
      form,
      clock: os.clock,
      chance,
      lender: this.lender,
      workshop: {
        start: async () => (await this.#supervisor!.startChild()).path,
        stop: (member) => void this.#supervisor!.terminateChild(member.id).catch(() => {}), // it has ended by itself
        kill: (member) => kill(member.workerId),
      },
      report,
      onChange: () => {
        this.recycler.next();
        this.#openedYet();
        this.#drainedYet();
      },
      onReady: (member) => {
        member.callsLeft = this.settings.recycle.afterCalls;
      },
      onDrained: (member) => void this.recycler.drained(member),
      onGone: (member) => this.recycler.gone(member),
    });
  }

  #newActor(): ActorRefFrom<typeof poolMachine> {
    const { clock, report } = this.#host;
    const { name: pool, closeTimeout } = this.settings;
    const machine = poolMachine.provide({
      actions: {
        announce: (_, { phase }) => {
          this.#phase = phase;
          report({ type: 'pool.phase', pool, phase });
        },
        failAll: () => {
          this.staff.close();
          this.recycler.close(); // or it would try again and again to replace a worker that is still there
          this.lender.failAll(() => this.#failure ?? this.#closedError());
        },
        stopWorkers: () => void this.#supervisor?.stop(),
        release: () => {
          this.#pulse?.close();
          this.sessions.close();
          this.#tellRoom();
        },
      },
    });
    return createActor(machine, { clock, input: { closeTimeout } }).start();
  }

  #supervise(spec: SupervisorSpec): void {
    this.#host.supervise(spec).then(
      (supervisor) => {
        this.#supervisor = supervisor;
        void supervisor.stopped.then(() => this.#actor.send({ type: 'down' }));
        if (this.#phase !== 'opening')
          void supervisor.stop(); // it was closed meanwhile
        else {
          this.staff.adjust();
          this.#openedYet();
        }
      },
      (error: unknown) => {
        this.#failure = errorOf(error);
        this.#actor.send({ type: 'down' });
      },
    );
  }

  /** The first failure among the first workers is the pool's. */
  #openedYet(): void {
    if (this.#phase !== 'opening' || this.#supervisor === undefined) return;
    if (this.staff.ready >= this.settings.min) this.#actor.send({ type: 'ready' });
    else if (this.staff.failure !== undefined) {
      this.#failure = this.staff.failure;
      this.#actor.send({ type: 'failed' });
    }
  }

  #drainedYet(): void {
    if (this.#phase !== 'draining' || this.lender.queued > 0) return;
    if (this.lender.members.every((member) => member.isIdle)) this.#actor.send({ type: 'drained' });
  }

  #feelQueue(): void {
    const { maxQueue, name: pool } = this.settings;
    const { queued } = this.lender;
    if (!this.#isSaturated && queued > 0 && queued >= SATURATED * maxQueue) {
      this.#isSaturated = true;
      this.#host.report({ type: 'pool.saturated', pool, queued });
    } else if (this.#isSaturated && queued <= RELIEVED * maxQueue) {
      this.#isSaturated = false;
      this.#host.report({ type: 'pool.relieved', pool, queued });
      this.#tellRoom();
    }
  }

  #tellRoom(): void {
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const tell of waiting) tell();
  }

  #reached(isThere: (phase: PoolPhase) => boolean): Promise<void> {
    if (isThere(this.#phase)) return Promise.resolve(); // whoever watches what is over is told before he has begun
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isThere(this.#phase)) return;
        watch.unsubscribe();
        resolve();
      };
      const watch = this.#actor.subscribe({ next: look, complete: look });
    });
  }

  #closedError(): PoolClosedError {
    const { name } = this.settings;
    return this.#phase === 'opening'
      ? new PoolClosedError(name, 'is not open yet')
      : new PoolClosedError(name);
  }
}
