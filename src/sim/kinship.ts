/**
 * Whose a process truly is, and what of that anybody on the machine can know. It goes by identities that the code under
 * test never learns, and by lineage: by no line of the code that tells one process from another.
 */
import type { SimMachine } from '../os/sim/machine.ts';
import type { SimProcess } from '../os/sim/process.ts';

export class Kinship {
  readonly #machine: SimMachine;
  readonly #hosts = new Map<string, SimProcess>();
  /** The first process of each incarnation, by run and worker. */
  readonly #leaders = new Map<string, SimProcess>();
  readonly #bornAt = new WeakMap<SimProcess, number>();
  /** The tick in which each of them died. */
  readonly #diedAt = new Map<SimProcess, number>();
  /** Two of one worker had one pid in one tick: whoever told the first to end takes the second for told. */
  hadTwins = false;
  readonly #isRecordedAsSettled: (runId: string, workerId: string) => boolean;

  /** @param isRecordedAsSettled what the run's file says of a worker */
  constructor(machine: SimMachine, isRecordedAsSettled: (runId: string, workerId: string) => boolean) {
    this.#machine = machine;
    this.#isRecordedAsSettled = isRecordedAsSettled;
    const lastOwners = new Map<number, SimProcess>();
    machine.watch({
      onReap: (dead) => {
        if (dead.origin !== undefined) lastOwners.set(dead.pid, dead);
      },
      onFork: ({ origin, parent, pid, startTime }) => {
        const last = lastOwners.get(pid);
        if (last !== undefined && last.origin === origin && last.startTime === startTime)
          this.hadTwins = true;
        if (origin !== undefined && parent !== undefined && parent.origin === undefined) {
          this.#hosts.set(origin.runId, parent);
        }
      },
      onDeath: (dead) => {
        if (this.isLeader(dead)) this.#diedAt.set(dead, machine.ticks());
      },
    });
  }

  get runs(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  hostOf(runId: string): SimProcess | undefined {
    return this.#hosts.get(runId);
  }

  isHostAlive(runId: string): boolean {
    return this.hostOf(runId)?.alive === true;
  }

  leaderOf(runId: string, workerId: string): SimProcess | undefined {
    return this.#leaders.get(`${runId} ${workerId}`);
  }

  /** By worker ID, the dead too. */
  leadersOf(runId: string): readonly (readonly [workerId: string, leader: SimProcess])[] {
    const prefix = `${runId} `;
    return [...this.#leaders]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, leader]) => [key.slice(prefix.length), leader] as const);
  }

  begins(leader: SimProcess, runId: string, workerId: string): void {
    this.#leaders.set(`${runId} ${workerId}`, leader);
    this.#bornAt.set(leader, this.#machine.timeline.now);
  }

  /** Of a leader; milliseconds of virtual time. */
  bornAt(leader: SimProcess): number {
    return this.#bornAt.get(leader)!;
  }

  isLeader({ uid, origin }: SimProcess): boolean {
    return origin !== undefined && this.leaderOf(origin.runId, origin.workerId)?.uid === uid;
  }

  /** The processes of a run that are alive and that something still ties to it. */
  living(runId: string): readonly SimProcess[] {
    return this.#machine
      .processes()
      .filter((process) => process.alive && process.isWorkers && process.origin?.runId === runId)
      .filter((process) => this.#isKnowable(process));
  }

  /** Known to be its run's, and its run's to end. */
  isOurs(process: SimProcess): boolean {
    return this.#isKnowable(process) && !this.isAnotherUsers(process);
  }

  groupLives(leader: SimProcess): boolean {
    return this.#machine
      .group(leader.group)
      .some((member) => member.alive && member.origin === leader.origin && this.isOurs(member));
  }

  /** Its marks may not be read, and it may not be signalled: what is recorded of it is all that is known. */
  isAnotherUsers({ userId, origin }: SimProcess): boolean {
    const host = origin === undefined ? undefined : this.hostOf(origin.runId);
    return host !== undefined && host.userId !== 0 && host.userId !== userId;
  }

  /** Something ties it to its run still. What nothing does, nobody can know to be ours, and nobody may signal. */
  #isKnowable(process: SimProcess): boolean {
    return (this.#isTied(process) && !this.isAnotherUsers(process)) || this.#isSettled(process);
  }

  /** The first of its worker, and recorded as one that had outlived all doubt about its start time. */
  #isSettled(process: SimProcess): boolean {
    if (process.origin === undefined || !this.isLeader(process)) return false;
    return this.#isRecordedAsSettled(process.origin.runId, process.origin.workerId);
  }

  /** Marked, the living kin of somebody tied, or left in the session of its worker. What has lost all that nobody can know. */
  #isTied(process: SimProcess): boolean {
    if (!process.wiped) return true;
    const { parent, origin } = process;
    if (parent?.alive === true && origin !== undefined) {
      if (parent.origin === origin) {
        if (this.#isTied(parent)) return true;
      } else if (parent.origin?.runId === origin.runId || parent === this.hostOf(origin.runId)) return true;
    }
    return this.#isLeftInSession(process);
  }

  /** It was in its worker's session well before that one's leader died, and whoever reaped the leader is there to say so. */
  #isLeftInSession(process: SimProcess): boolean {
    if (process.origin === undefined || process.disguised) return false;
    const leader = this.leaderOf(process.origin.runId, process.origin.workerId);
    if (leader === undefined || leader === process || process.session !== leader.pid) return false;
    if (leader.alive) return this.#isTied(leader);
    const { parent } = leader;
    // Whoever is stopped has not heard of that death yet, and may never.
    if (parent?.alive !== true || parent.stopped || leader.reparented) return false;
    return this.#wasThereBeforeTheEndOf(leader, process);
  }

  /** Ticks are coarse, and a death is told a little later: who was born just before it could be somebody else's. */
  #wasThereBeforeTheEndOf(leader: SimProcess, process: SimProcess): boolean {
    const diedAt = this.#diedAt.get(leader);
    return diedAt !== undefined && process.startTime < diedAt - 1;
  }
}

/** Asked as it is forked: does a worker begin with it, or a forker? Later it may have another parent. */
export const isFirst = ({ origin, parent }: SimProcess): boolean =>
  origin !== undefined && parent?.origin?.workerId !== origin.workerId;

/** Of a worker ID: without its number. */
export const pathOf = (workerId: string): string => workerId.replace(/:\d+$/, '');
