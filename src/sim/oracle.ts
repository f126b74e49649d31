/**
 * Sees everything, and judges by what truly happened: by identities that the code under test never learns, and by
 * lineage. It shares no line with the code that tells one process from another, so that no mistake can pass both.
 */
import type { TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';
import type { Invariant, Violation } from './invariants.ts';

/** What was decided for a supervisor when it was started. */
export interface Promised {
  readonly intensity: number;
  readonly period: number;
  /** The paths of its children in the order of their start; none when there is no order. */
  readonly order: readonly string[];
}

/** What the oracle reads of a run's file, in words of its own. */
interface RunOnDisk {
  readonly births: number;
  readonly workers: Readonly<Record<string, { readonly settled?: boolean } | undefined>>;
}

export class Oracle {
  readonly violations: Violation[] = [];
  readonly #machine: SimMachine;
  readonly #stateDirectory: string;
  readonly #hosts = new Map<string, SimProcess>();
  readonly #forks = new Map<string, number>();
  /** The first process of each incarnation, by run and worker. */
  readonly #leaders = new Map<string, SimProcess>();
  readonly #told = new Set<string>();
  /** The runs that are being stopped in order. */
  readonly #stopping = new Set<string>();
  /** The states of all children, by run and path. */
  readonly #states = new Map<string, string>();
  readonly #restarts = new Map<string, number[]>();
  readonly #lastForkerLoss = new Map<string, number>();
  readonly #promised = new Map<string, Promised>();

  constructor(machine: SimMachine, stateDirectory: string) {
    this.#machine = machine;
    this.#stateDirectory = stateDirectory;
    machine.disk.onRemove = (path) => this.#removing(path);
    machine.watch({
      onFork: (child) => this.#forked(child),
      onSignal: (sender, targets, signal) => {
        for (const target of targets) if (target.alive) this.#signalled(sender, target, signal);
      },
    });
  }

  /** The supervisor at this path, of this run, was started with these limits. */
  promise(runId: string, path: string, promised: Promised): void {
    this.#promised.set(`${runId} ${path}`, promised);
  }

  /** An event of a run, as its application heard it. */
  heard(runId: string, event: TimedEvent): void {
    if (event.type === 'host.stopping') this.#stopping.add(runId);
    else if (event.type === 'forker.lost')
      this.#stopping.delete(runId); // all go at once, in no order
    else if (event.type === 'worker.state') this.#changed(runId, event);
    if (event.type === 'worker.exited') this.#exited(runId, event);
    else if (event.type === 'supervisor.restarting') this.#restarting(runId, event);
  }

  /** `host.stop()` has resolved, and nothing is said to be left. */
  stopped(runId: string): void {
    for (const process of this.#living(runId)) {
      this.#fail('stopped-means-empty', `${name(process)} outlives the stop of its run`);
    }
  }

  /** So long after the death of its host, whose forker was not harmed, nothing may be left of a run. */
  orphaned(host: SimProcess, forker: SimProcess): void {
    const { runId } = forker.origin!;
    if (this.#hosts.get(runId) !== host || forker.end?.signal != null || forker.wasStopped) return;
    for (const process of this.#living(runId)) {
      if (this.#isAnotherUsers(process)) continue;
      this.#fail('orphans-end-in-time', `${name(process)} lives on after its host`);
    }
  }

  /** A later run has swept, and stopped, undisturbed: nothing may be left of any dead one. */
  allOver(): void {
    for (const runId of this.#hosts.keys()) {
      if (this.#isHostAlive(runId)) continue;
      for (const process of this.#living(runId)) {
        if (this.#isAnotherUsers(process)) continue;
        this.#fail('stopped-means-empty', `${name(process)} outlives its run and the sweep after it`);
      }
    }
  }

  fail(invariant: Invariant, detail: string): void {
    this.#fail(invariant, detail);
  }

  #forked(child: SimProcess): void {
    const { origin, parent } = child;
    if (origin === undefined) return;
    if (parent?.origin === undefined) this.#hosts.set(origin.runId, parent!);
    const isLeader = origin.workerId !== '' && parent?.origin?.workerId !== origin.workerId;
    if (isLeader) this.#born(child, origin.runId, origin.workerId);
  }

  #born(child: SimProcess, runId: string, workerId: string): void {
    const forks = (this.#forks.get(runId) ?? 0) + 1;
    this.#forks.set(runId, forks);
    const births = this.#fileOf(runId)?.births ?? 0;
    if (births < forks) {
      this.#fail(
        'no-process-without-record',
        `${name(child)} is birth ${forks}, the file answers for ${births}`,
      );
    }
    for (const [key, other] of this.#leaders) {
      if (
        key.startsWith(`${runId} `) &&
        pathOf(key) === pathOf(`${runId} ${workerId}`) &&
        this.#groupLives(other)
      ) {
        this.#fail('one-incarnation-per-child', `${name(child)} while ${name(other)} or its group lives`);
      }
    }
    this.#leaders.set(`${runId} ${workerId}`, child);
  }

  #signalled(sender: SimProcess, target: SimProcess, signal: string): void {
    const by = `${name(sender)} sends ${signal} to ${name(target)}`;
    if (target.origin === undefined) {
      this.#fail('no-stranger-signalled', by);
      return;
    }
    const { runId } = target.origin;
    const own = sender.origin?.runId === runId || this.#hosts.get(runId) === sender;
    if (!own && this.#isHostAlive(runId)) this.#fail('live-run-untouched', by);
  }

  #exited(runId: string, { workerId, reason }: Extract<TimedEvent, { type: 'worker.exited' }>): void {
    const key = `${runId} ${workerId}`;
    if (this.#told.has(key)) this.#fail('exited-once-and-dead', `${workerId} exited a second time`);
    this.#told.add(key);
    const leader = this.#leaders.get(key);
    if (leader?.alive === true && this.#isOurs(leader))
      this.#fail('exited-once-and-dead', `${name(leader)} is told dead and is not`);
    if (leader === undefined) return;
    // What ended by itself may have left something outside its group, which is found a second later.
    const asked = reason.kind === 'shutdown' || reason.kind === 'forker-lost';
    for (const process of this.#living(runId)) {
      if (process.origin?.workerId !== workerId || !this.#isOurs(process)) continue;
      if (asked || process.group === leader.group) {
        this.#fail(
          'stopped-means-empty',
          `${name(process)} outlives its worker, which ended as ${reason.kind}`,
        );
      }
    }
  }

  /** OTP's order: each starts when all before it are up, or have ended; each is stopped when none after it lives. */
  #changed(runId: string, { path, workerId, state }: Extract<TimedEvent, { type: 'worker.state' }>): void {
    const supervisor = path.slice(0, path.lastIndexOf('/'));
    const order = this.#promised.get(`${runId} ${supervisor}`)?.order ?? [];
    const place = order.indexOf(path);
    const stateOf = (other: string) => this.#states.get(`${runId} ${other}`) ?? 'none';
    if (state === 'spawning' && stateOf(path) === 'none') {
      const late = order.slice(0, place).find((other) => ['none', 'spawning'].includes(stateOf(other)));
      if (late !== undefined) this.#fail('otp-order', `${path} starts before ${late} is up`);
    }
    const isAsked = state === 'stopping' && this.#leaders.get(`${runId} ${workerId}`)?.alive === true;
    if (isAsked && this.#stopping.has(runId) && place >= 0) {
      const living = order.slice(place + 1).find((other) => !['none', 'exited'].includes(stateOf(other)));
      if (living !== undefined) this.#fail('otp-order', `${path} is stopped while ${living} lives`);
    }
    this.#states.set(`${runId} ${path}`, state);
  }

  #restarting(
    runId: string,
    { path, reason, at }: Extract<TimedEvent, { type: 'supervisor.restarting' }>,
  ): void {
    const supervisor = path.slice(0, path.lastIndexOf('/'));
    const key = `${runId} ${supervisor}`;
    const promised = this.#promised.get(key);
    if (promised === undefined) return;
    const { now } = this.#machine.timeline;
    if (reason.kind === 'forker-lost') {
      const last = this.#lastForkerLoss.get(key);
      if (last !== undefined && now - last < 1_000) return;
      this.#lastForkerLoss.set(key, now);
    }
    const times = [...(this.#restarts.get(key) ?? []), now].filter((time) => time > now - promised.period);
    this.#restarts.set(key, times);
    if (times.length > promised.intensity) {
      this.#fail(
        'restarts-within-intensity',
        `${path} at ${at}: ${times.length} within ${promised.period} ms`,
      );
    }
  }

  #removing(path: string): void {
    const runId = /\/runs\/([^/]+)\.json$/.exec(path)?.[1];
    if (runId === undefined) return;
    for (const process of this.#living(runId)) {
      this.#fail('record-outlives-process', `the file of the run goes while ${name(process)} lives`);
    }
  }

  /** The processes of a run that are alive and that something still ties to it. */
  #living(runId: string): readonly SimProcess[] {
    return this.#machine
      .processes()
      .filter((process) => process.alive && process.isWorkers && process.origin?.runId === runId)
      .filter((process) => this.#isKnowable(process));
  }

  /** Something ties it to its run still. What nothing does, nobody can know to be ours, and nobody may signal. */
  #isKnowable(process: SimProcess): boolean {
    return (isTied(process) && !this.#isAnotherUsers(process)) || this.#isSettled(process);
  }

  /** Known to be its run's, and its run's to end. */
  #isOurs(process: SimProcess): boolean {
    return this.#isKnowable(process) && !this.#isAnotherUsers(process);
  }

  /** Its marks may not be read, and it may not be signalled: what is recorded of it is all that is known. */
  #isAnotherUsers({ userId, origin }: SimProcess): boolean {
    const host = origin === undefined ? undefined : this.#hosts.get(origin.runId);
    return host !== undefined && host.userId !== 0 && host.userId !== userId;
  }

  #isLeader({ uid, origin }: SimProcess): boolean {
    return origin !== undefined && this.#leaders.get(`${origin.runId} ${origin.workerId}`)?.uid === uid;
  }

  /** The first of its worker, and recorded as one that had outlived all doubt about its start time. */
  #isSettled(process: SimProcess): boolean {
    if (process.origin === undefined || !this.#isLeader(process)) return false;
    const { runId, workerId } = process.origin;
    return this.#fileOf(runId)?.workers[workerId]?.settled === true;
  }

  #groupLives(leader: SimProcess): boolean {
    return this.#machine
      .group(leader.group)
      .some((member) => member.alive && member.origin === leader.origin && this.#isOurs(member));
  }

  #isHostAlive(runId: string): boolean {
    return this.#hosts.get(runId)?.alive === true;
  }

  #fileOf(runId: string): RunOnDisk | undefined {
    try {
      return JSON.parse(this.#machine.disk.peek(`${this.#stateDirectory}/runs/${runId}.json`) ?? '');
    } catch {
      return undefined; // there is none, or it is damaged
    }
  }

  #fail(invariant: Invariant, detail: string): void {
    this.violations.push({ invariant, at: this.#machine.timeline.now, detail });
  }
}

/** Marked, or the living kin of somebody marked. What has wiped its marks and lost its kin nobody can know. */
function isTied(process: SimProcess): boolean {
  if (!process.wiped) return true;
  const { parent } = process;
  if (parent?.alive !== true) return false;
  if (parent.origin === process.origin) return isTied(parent);
  return parent.origin?.runId === process.origin?.runId; // its forker
}

const pathOf = (key: string): string => key.replace(/:\d+$/, '');

export const name = ({ pid, uid, commandLine, origin }: SimProcess): string =>
  `${pid} (#${uid}, ${origin === undefined ? 'a stranger' : `${origin.runId.slice(-6)} ${origin.workerId || 'forker'}`}, ${commandLine})`;
