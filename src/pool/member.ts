/** One worker of a pool, as the pool sees it. */
import { UnsendableError } from '../call-errors.ts';
import type { Channel } from '../channel/channel.ts';
import { errorOf } from '../errors.ts';
import type { Call } from './call.ts';
import type { Acquisition } from './lease.ts';
import type { Session } from './session.ts';
import { WaitQueue } from './wait-queue.ts';

/**
 * `starting` → `warming` (it has answered, and is told what it has to know) → `ready` → `draining` (what it has, it
 * finishes; it gets nothing more) → `ending` (it was told to end) → `gone`. From every state it may be gone at once.
 */
export type MemberState = 'starting' | 'warming' | 'ready' | 'draining' | 'ending' | 'gone';

export class Member {
  readonly path: string;
  /** Its supervisor's name for it. */
  readonly id: string;
  readonly pid: number;
  readonly workerId: string;
  readonly channel: Channel;
  readonly #tasks: number;
  state: MemberState = 'starting';
  /** How many calls it has that it has not answered. */
  load = 0;
  /** How many it has answered since it was ready. */
  calls = 0;
  /** On the clock that never jumps. */
  readyAt = 0;
  idleSince = 0;
  /** Bytes that its tree held in memory when it was looked at last. */
  memory = 0;
  /** When it was asked whether it lives; undefined when it has said something since. */
  askedAt: number | undefined;
  /** Whether it had something to do then. */
  wasBusy = false;
  /** Answered calls until it is worn. */
  callsLeft = Number.POSITIVE_INFINITY;
  /** Who takes its place. */
  heir: Member | undefined;
  /** Told when it is gone before it was ready. */
  onGone: ((why: Error) => void) | undefined;
  /** Why we end it; undefined when it ended by itself. */
  endedFor: Error | undefined;
  /** It has closed an end of the channel. */
  isSilent = false;
  readonly sessions = new Set<Session>();
  /** Calls that only this worker can do: those of its sessions. */
  readonly queue = new WaitQueue<Call>();
  /** Who has it for himself is told when it is gone. */
  lease: { lose(why: Error): void } | undefined;
  /** Who gets it as soon as it has nothing else to do. */
  promisedTo: Acquisition | undefined;

  /** @param tasks how many calls it may have at a time */
  constructor(channel: Channel, tasks: number) {
    const { path, pid, workerId } = channel.wire;
    this.channel = channel;
    this.path = path;
    this.id = path.slice(path.lastIndexOf('/') + 1);
    this.pid = pid;
    this.workerId = workerId;
    this.#tasks = tasks;
  }

  /** Whether it may be given one more call. */
  get hasRoom(): boolean {
    return (
      this.load < this.#tasks &&
      this.state === 'ready' &&
      this.lease === undefined &&
      this.promisedTo === undefined &&
      !this.isSilent &&
      !this.channel.congested
    );
  }

  /** Tells it something. Throws an `UnsendableError`. */
  notify(method: string, params: unknown): void {
    try {
      this.channel.notify(method, params);
    } catch (error) {
      throw new UnsendableError(method, errorOf(error));
    }
  }

  /** Nobody loses a session when another takes its place. */
  get canHandOn(): boolean {
    return this.sessions.size === 0 || this.channel.answer?.sessions === true;
  }

  get isIdle(): boolean {
    return this.load === 0 && this.lease === undefined && this.promisedTo === undefined;
  }
}
