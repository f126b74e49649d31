/**
 * Sees everything, and judges by what truly happened: by identities that the code under test never learns, and by
 * lineage. It shares no line with the code that tells one process from another, so that no mistake can pass both.
 */
import type { TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';
import type { Invariant, Violation } from './invariants.ts';
import { isFirst, Kinship, pathOf } from './kinship.ts';
import { SupervisionOracle } from './supervision-oracle.ts';
import type { Tell } from './told-calls.ts';
import type { Promised } from './tree.ts';

/** What the oracle reads of a run's file, in words of its own. */
interface RunOnDisk {
  readonly births: number;
  readonly workers: Readonly<Record<string, { readonly settled?: boolean } | undefined>>;
}

/** Milliseconds after its birth from when a worker must be in its run's file, whenever that is written. */
const RECORDED_WITHIN_MS = 500;

/** Clock ticks after which nobody can share a worker's start time any more, and it is looked at. */
export const SETTLES_IN_TICKS = 3;

/** A look after a second, a grace of two, and what it takes to look again. */
const STRAGGLERS_GONE_WITHIN_MS = 4_500;
/** What is younger may have come while a sweep looked, and lost what tied it to its run since. */
const YOUNG_MS = 50;

export class Oracle {
  readonly violations: Violation[] = [];
  readonly #machine: SimMachine;
  readonly #stateDirectory: string;
  readonly #kinship: Kinship;
  readonly #supervision: SupervisionOracle;
  readonly #forks = new Map<string, number>();
  /** When the exits were told, by run and worker ID. */
  readonly #told = new Map<string, number>();
  /** What was left of a run, and could be known to be, when a sweep first signalled some of it; by sweeping host and run. */
  readonly #found = new Map<SimProcess, Map<string, readonly SimProcess[]>>();
  /** Those whose disk failed, which they said. */
  readonly #warned = new Set<string>();

  constructor(machine: SimMachine, stateDirectory: string) {
    this.#machine = machine;
    this.#stateDirectory = stateDirectory;
    this.#kinship = new Kinship(machine, (runId, workerId) => this.#isRecordedAsSettled(runId, workerId));
    this.#supervision = new SupervisionOracle(machine, this.#kinship, (invariant, detail) =>
      this.fail(invariant, detail),
    );
    machine.disk.onRemove = (path) => this.#removing(path);
    machine.watch({
      onFork: (child) => this.#forked(child),
      onSignal: (sender, targets, signal) => {
        for (const target of targets) if (target.alive) this.#signalled(sender, target, signal);
      },
      onBoundary: (process, what) => {
        if (what === 'after rename') this.#written(process);
      },
    });
  }

  /** This tree of supervisors is started in this run. */
  promise(runId: string, tree: readonly Promised[]): void {
    this.#supervision.promise(runId, tree);
  }

  /** What is to be told of the calls to supervisors of this run. */
  called(runId: string): Tell {
    return this.#supervision.called(runId);
  }

  /** An event of a run, as its application heard it. */
  heard(runId: string, event: TimedEvent): void {
    this.#supervision.heard(runId, event);
    if (event.type === 'worker.exited') this.#exited(runId, event);
    if (event.type === 'registry.warning') this.#warned.add(runId);
  }

  /** See `Kinship.hadTwins`: a stop may take a stage longer then. */
  get hadTwins(): boolean {
    return this.#kinship.hadTwins;
  }

  /** `host.stop()` has resolved, and nothing is said to be left. */
  stopped(runId: string): void {
    for (const process of this.#kinship.living(runId)) {
      this.fail('stopped-means-empty', `${name(process)} outlives the stop of its run`);
    }
    const isThere = this.#machine.disk.peek(this.#pathOf(runId)) !== undefined;
    if (isThere && !this.#warned.has(runId)) {
      this.fail('stopped-means-empty', `the file of run ${runId} outlives its stop`);
    }
  }

  /** So long after the death of its host, whose forker was not harmed, nothing may be left of a run. */
  orphaned(host: SimProcess, forker: SimProcess): void {
    const { runId } = forker.origin!;
    if (this.#kinship.hostOf(runId) !== host || forker.end?.signal != null || forker.wasStopped) return;
    for (const process of this.#kinship.living(runId)) {
      if (this.#kinship.isAnotherUsers(process)) continue;
      this.fail('orphans-end-in-time', `${name(process)} lives on after its host`);
    }
  }

  /** Nothing was wrong for long: what no other process can be taken for is recorded so, and need not be marked. */
  allRecorded(runId: string): void {
    for (const [workerId, leader] of this.#kinship.leadersOf(runId)) {
      if (!leader.alive || !this.#kinship.isOurs(leader)) continue;
      const age = this.#machine.timeline.now - this.#kinship.bornAt(leader);
      if (age < RECORDED_WITHIN_MS + SETTLES_IN_TICKS * this.#machine.tick) continue;
      if (!this.#isRecordedAsSettled(runId, workerId)) {
        this.fail('no-process-without-record', `${name(leader)} is not recorded as settled`);
      }
    }
  }

  /** What a worker that ended by itself left outside its group is ended too, if not at once. */
  noStragglers(runId: string): void {
    for (const process of this.#kinship.living(runId)) {
      const toldAt = this.#told.get(`${runId} ${process.origin!.workerId}`);
      if (toldAt === undefined || this.#kinship.isAnotherUsers(process)) continue;
      const ago = this.#machine.timeline.now - toldAt;
      if (ago > STRAGGLERS_GONE_WITHIN_MS) {
        this.fail('stopped-means-empty', `${name(process)} lives ${ago} ms after its worker`);
      }
    }
  }

  /** A host has swept, and says which runs it has cleared. */
  swept(host: SimProcess, cleared: readonly string[]): void {
    for (const runId of cleared) {
      for (const process of this.#found.get(host)?.get(runId) ?? []) {
        if (!process.alive || this.#kinship.isAnotherUsers(process)) continue;
        this.fail('stopped-means-empty', `${name(process)} outlives the sweep that has cleared its run`);
      }
    }
  }

  #sweeps(host: SimProcess, runId: string): void {
    const found = this.#found.get(host) ?? new Map<string, readonly SimProcess[]>();
    this.#found.set(host, found);
    if (found.has(runId)) return;
    const { tick } = this.#machine;
    const isOld = ({ startTime }: SimProcess) =>
      startTime < this.#machine.ticks() - Math.ceil(YOUNG_MS / tick);
    found.set(runId, this.#kinship.living(runId).filter(isOld));
  }

  /** A later run has swept, and stopped, undisturbed: nothing may be left of any dead one. */
  allOver(): void {
    for (const runId of this.#kinship.runs) {
      if (this.#kinship.isHostAlive(runId)) continue;
      for (const process of this.#kinship.living(runId)) {
        if (this.#kinship.isAnotherUsers(process)) continue;
        this.fail('stopped-means-empty', `${name(process)} outlives its run and the sweep after it`);
      }
    }
  }

  /** @param thrown what was thrown, if anything was: `[error]` */
  fail(invariant: Invariant, detail: string, ...thrown: readonly [cause?: unknown]): void {
    const at = this.#machine.timeline.now;
    this.violations.push({ invariant, at, detail, ...(thrown.length === 0 ? {} : { cause: thrown[0] }) });
  }

  #forked(child: SimProcess): void {
    const { origin } = child;
    if (child.isWorkers && isFirst(child)) this.#born(child, origin!.runId, origin!.workerId);
  }

  #born(child: SimProcess, runId: string, workerId: string): void {
    const forks = (this.#forks.get(runId) ?? 0) + 1;
    this.#forks.set(runId, forks);
    const births = this.#fileOf(runId)?.births ?? 0;
    if (births < forks) {
      const detail = `${name(child)} is birth ${forks}, the file answers for ${births}`;
      this.fail('no-process-without-record', detail);
    }
    for (const [other, leader] of this.#kinship.leadersOf(runId)) {
      if (pathOf(other) === pathOf(workerId) && this.#kinship.groupLives(leader)) {
        const detail = `${name(child)} while ${name(leader)} or its group lives`;
        this.fail('one-incarnation-per-child', detail);
      }
    }
    this.#kinship.begins(child, runId, workerId);
  }

  #signalled(sender: SimProcess, target: SimProcess, signal: string): void {
    const by = `${name(sender)} sends ${signal} to ${name(target)}`;
    if (target.origin === undefined) {
      this.fail('no-stranger-signalled', by);
      return;
    }
    const { runId } = target.origin;
    const own = sender.origin?.runId === runId || this.#kinship.hostOf(runId) === sender;
    if (!own && this.#kinship.isHostAlive(runId)) this.fail('live-run-untouched', by);
    if (!own) this.#sweeps(sender, runId);
    if (own && !sender.exiting && this.#kinship.isLeader(target)) this.#supervision.signalled(target, signal);
  }

  #exited(runId: string, { workerId, reason }: Extract<TimedEvent, { type: 'worker.exited' }>): void {
    const key = `${runId} ${workerId}`;
    if (this.#told.has(key)) this.fail('exited-once-and-dead', `${workerId} exited a second time`);
    this.#told.set(key, this.#machine.timeline.now);
    const leader = this.#kinship.leaderOf(runId, workerId);
    if (leader?.alive === true && this.#kinship.isOurs(leader))
      this.fail('exited-once-and-dead', `${name(leader)} is told dead and is not`);
    if (leader === undefined) return;
    // What ended by itself may have left something outside its group, which is found a second later.
    const asked = reason.kind === 'shutdown' || reason.kind === 'forker-lost';
    for (const process of this.#kinship.living(runId)) {
      if (process.origin?.workerId !== workerId || !this.#kinship.isOurs(process)) continue;
      if (asked || process.group === leader.group) {
        const detail = `${name(process)} outlives its worker, which ended as ${reason.kind}`;
        this.fail('stopped-means-empty', detail);
      }
    }
  }

  /** A host has put its file in place: whoever lives of it is in there. */
  #written(host: SimProcess): void {
    for (const runId of this.#kinship.runs) {
      if (this.#kinship.hostOf(runId) !== host || !host.alive) continue;
      const workers = this.#fileOf(runId)?.workers;
      if (workers === undefined) continue; // damaged, or another file
      for (const [workerId, leader] of this.#kinship.leadersOf(runId)) {
        const age = this.#machine.timeline.now - this.#kinship.bornAt(leader);
        if (!leader.alive || !this.#kinship.isOurs(leader)) continue;
        if (age > RECORDED_WITHIN_MS && workers[workerId] === undefined) {
          this.fail('record-outlives-process', `${name(leader)} lives without a record`);
        }
      }
    }
  }

  #removing(path: string): void {
    const runId = /\/runs\/([^/]+)\.json$/.exec(path)?.[1];
    if (runId === undefined) return;
    for (const process of this.#kinship.living(runId)) {
      this.fail('record-outlives-process', `the file of the run goes while ${name(process)} lives`);
    }
  }

  #isRecordedAsSettled(runId: string, workerId: string): boolean {
    return this.#fileOf(runId)?.workers[workerId]?.settled === true;
  }

  #pathOf(runId: string): string {
    return `${this.#stateDirectory}/runs/${runId}.json`;
  }

  #fileOf(runId: string): RunOnDisk | undefined {
    try {
      return JSON.parse(this.#machine.disk.peek(this.#pathOf(runId)) ?? '');
    } catch {
      return undefined; // there is none, or it is damaged
    }
  }
}

export const name = ({ pid, uid, commandLine, origin }: SimProcess): string =>
  `${pid} (#${uid}, ${origin === undefined ? 'none of ours' : `${origin.runId.slice(-6)} ${origin.workerId || 'forker'}`}, ${commandLine})`;
