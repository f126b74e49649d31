/** Replaces workers that are worn, one at a time: the new one is ready before the old one gets nothing more. */
import { RemoteError } from '../call-errors.ts';
import type { Channel } from '../channel/channel.ts';
import { CODE, type Failure } from '../channel/words.ts';
import { messageOf } from '../errors.ts';
import type { ReeveEvent } from '../events.ts';
import type { SharedCensus } from '../os/census.ts';
import type { Clock, Processes, Timer } from '../os/os.ts';
import { treeMemory } from '../os/tree-usage.ts';
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';
import { type RecycleCause, type RecycleLimits, recycleCause } from './recycle.ts';
import type { Staff } from './staff.ts';

export interface RecyclerOptions {
  readonly pool: string;
  readonly runId: string;
  readonly limits: RecycleLimits;
  readonly clock: Clock;
  readonly processes: Pick<Processes, 'usage'>;
  readonly census: SharedCensus;
  readonly lender: Lender;
  readonly staff: Staff;
  readonly report: (event: ReeveEvent) => void;
}

/** How often ages and memory are looked at, ms; more often when the limit is shorter. */
const LOOK_EVERY_MS = 2_000;
/** How long a worker may take to save a session, or to load one, ms: its callers wait meanwhile. */
const HAND_ON_MS = 10_000;

export class Recycler {
  readonly #options: RecyclerOptions;
  /** Worn, and not replaced yet: first come, first served. */
  readonly #due = new Map<Member, RecycleCause>();
  /** The one whose place is being taken. */
  #current: Member | undefined;
  /** It has nothing to do any more, and its sessions are on their way to its heir. */
  #handingOn: Member | undefined;
  #looking: Timer | undefined;
  #closed = false;

  constructor(options: RecyclerOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** It is replaced when its turn has come. */
  recycle(member: Member, because: RecycleCause): void {
    if (this.#closed || member.state !== 'ready' || this.#due.has(member)) return;
    this.#due.set(member, because);
    this.next();
  }

  /** Takes up the next one, if nothing stands in the way; called whenever something may have changed. */
  next(): void {
    if (this.#current !== undefined || this.#closed || this.#options.staff.isWaiting) return;
    for (const [member, because] of this.#due) {
      if (member.state !== 'ready') this.#due.delete(member);
      else if (member.lease === undefined && member.canHandOn) {
        void this.#replace(member, because);
        return;
      }
    }
  }

  /** It has finished what it had: its sessions go to its heir, and it may go. */
  async drained(member: Member): Promise<void> {
    if (this.#handingOn === member) return; // it is looked at again when that is done
    const { heir } = member;
    if (heir !== undefined) {
      this.#handingOn = member;
      member.heir = undefined;
      await this.#moveSessions(member, heir);
      this.#handingOn = undefined;
    }
    if (member.state === 'draining' && member.isIdle) this.#options.staff.end(member);
  }

  gone(member: Member): void {
    this.#due.delete(member);
    if (this.#current === member) {
      this.#current = undefined;
      this.#options.lender.counters.recycled += 1;
      this.#options.report({ type: 'pool.recycled', pool: this.#options.pool, path: member.path });
    }
    this.next();
  }

  close(): void {
    this.#closed = true;
    if (this.#looking !== undefined) this.#options.clock.clearTimeout(this.#looking);
  }

  async #replace(member: Member, because: RecycleCause): Promise<void> {
    this.#current = member;
    this.#due.delete(member);
    const { pool, staff, report } = this.#options;
    report({ type: 'pool.recycling', pool, path: member.path, because });
    if (await staff.replace(member)) return; // the rest is done when it is gone
    if (this.#current === member) this.#current = undefined; // else it is gone, and another's turn has come
    if (member.state === 'ready') this.#due.set(member, because); // until it is time to try again, see `next`
  }

  /** What cannot be handed on is lost, and whoever uses it is told so. Meanwhile it may be closed, and either worker die. */
  async #moveSessions(from: Member, to: Member): Promise<void> {
    const { lender, clock } = this.#options;
    for (const session of [...from.sessions]) {
      if (session.member !== from) continue;
      const { key } = session;
      try {
        const saved = await ask(from.channel, clock, '$/session.save', { session: key });
        await ask(to.channel, clock, '$/session.load', { session: key, saved });
        if (to.state === 'gone') throw new Error('its new worker is gone');
        if (session.member === from) {
          session.unbind();
          session.bind(to);
        }
      } catch (error) {
        const why = new Error(`it could not be handed on: ${messageOf(error)}`, { cause: error });
        if (session.member === from) session.lose(why);
      }
      lender.follow(from);
      lender.serve(to);
    }
  }

  #lookLater(): void {
    const { limits, clock } = this.#options;
    const shortest = Math.min(limits.afterAge / 4, LOOK_EVERY_MS);
    if (limits.afterAge === Number.POSITIVE_INFINITY && limits.afterMemory === Number.POSITIVE_INFINITY)
      return;
    this.#looking = clock.setTimeout(() => {
      void this.#look().finally(() => {
        if (!this.#closed) this.#lookLater();
      });
    }, shortest);
  }

  async #look(): Promise<void> {
    const { limits, lender, clock, processes, census, runId } = this.#options;
    const members = lender.members.filter(({ state }) => state === 'ready');
    if (limits.afterMemory !== Number.POSITIVE_INFINITY) {
      await Promise.all(
        members.map(async (member) => {
          const memory = await treeMemory(processes, census, { runId, workerId: member.workerId }).catch(
            () => 0,
          );
          member.memory = memory ?? 0;
        }),
      );
    }
    const now = clock.monotonic();
    for (const member of members) {
      const because = recycleCause(limits, { ...member, age: now - member.readyAt });
      if (because !== undefined) this.recycle(member, because);
    }
  }
}

function ask(channel: Channel, clock: Clock, method: string, params: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (failure: Failure): void => {
      clock.clearTimeout(timer);
      reject(new RemoteError(method, failure));
    };
    const giveUp = (message: string): void => fail({ code: CODE.threw, message, data: undefined });
    const timer = clock.setTimeout(() => giveUp(`no answer to ${method} in ${HAND_ON_MS} ms`), HAND_ON_MS);
    const asker = {
      answered: (value: unknown) => {
        clock.clearTimeout(timer);
        resolve(value);
      },
      failed: fail,
      progressed: () => {},
      received: () => {},
      abandoned: () => giveUp('the worker is gone'),
    };
    try {
      channel.ask(method, params, undefined, asker);
    } catch (error) {
      giveUp(messageOf(error));
    }
  });
}
