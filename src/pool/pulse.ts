/** Sees whether workers live: whoever is silent is asked, and whoever does not answer is ended. */
import { WorkerUnhealthyError } from '../call-errors.ts';
import type { Clock, Processes, Timer } from '../os/os.ts';
import type { Member } from './member.ts';
import type { Staff } from './staff.ts';

export interface PulseOptions {
  /** Milliseconds of silence after which a worker is asked. */
  readonly interval: number;
  /** As many intervals later it is taken to be ill. */
  readonly misses: number;
  readonly clock: Clock;
  readonly processes: Pick<Processes, 'usage'>;
  readonly staff: Staff;
}

export class Pulse {
  readonly #options: PulseOptions;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#feelLater();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  #feelLater(): void {
    const { clock, interval } = this.#options;
    this.#timer = clock.setTimeout(() => {
      for (const member of this.#options.staff.all) this.#feel(member);
      if (!this.#closed) this.#feelLater();
    }, interval);
  }

  #feel(member: Member): void {
    const { clock, interval, misses } = this.#options;
    if (member.state === 'starting' || member.state === 'ending') return; // for these there are other limits
    const now = clock.monotonic();
    if (now - member.channel.heardAt < interval) {
      member.askedAt = undefined;
      return;
    }
    if (member.askedAt === undefined) {
      member.askedAt = now;
      member.wasBusy = member.load > 0;
      member.channel.ping(() => {
        member.askedAt = undefined;
      });
      return;
    }
    const silent = now - member.askedAt;
    if (silent >= interval * misses) void this.#judge(member, silent);
  }

  /**
   * One that works may be too busy to answer: it cannot be told from one that is stuck, for which calls have time limits.
   * But one that the system has stopped (SIGSTOP) does not work; and one that had nothing to do when it was asked has not
   * come to the calls that were given to it since.
   */
  async #judge(member: Member, silent: number): Promise<void> {
    const isBusy = member.wasBusy && member.load > 0;
    const usage = await this.#options.processes.usage(member.pid).catch(() => undefined);
    if (member.askedAt === undefined || member.state === 'gone') return; // it has answered meanwhile
    const ms = `${Math.round(silent)} ms`;
    if (usage?.stopped === true) {
      this.#options.staff.kill(
        member,
        new WorkerUnhealthyError(member, `had been stopped, and silent for ${ms}`),
      );
    } else if (!isBusy) {
      this.#options.staff.kill(member, new WorkerUnhealthyError(member, `did not answer for ${ms}`));
    }
  }
}
