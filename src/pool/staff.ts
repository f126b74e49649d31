/** A pool's workers: how many there are, how new ones come, and how those go that are ill, worn, or not needed. */
import { WorkerEndedError } from '../call-errors.ts';
import { Channel, type Lost } from '../channel/channel.ts';
import { errorOf, messageOf, StartError } from '../errors.ts';
import type { Connection, Wire } from '../worker/wire.ts';
import type { Call } from './call.ts';
import { workersTooMany, workersToStart } from './growth.ts';
import { IdleWatch } from './idle-watch.ts';
import { errorOfLoss, isLoss, isMutelyEnded } from './loss.ts';
import { Member } from './member.ts';
import type { StaffOptions } from './staff-needs.ts';
import { StartFailures } from './start-failures.ts';
import { runWarmUp } from './warm-up.ts';

/** How long a message may stand unfinished, ms. */
const UNFINISHED_AFTER_MS = 10_000;

export class Staff {
  readonly #options: StaffOptions;
  /** By path: all that live, wherever they are in their lives. */
  readonly #members = new Map<string, Member>();
  #size: { readonly min: number; readonly max: number };
  /** One for each that starts. As long as one whose place it is to take is there, it counts to no number. */
  readonly #starts = new Set<{ readonly forerunner: Member | undefined }>();
  readonly #failures: StartFailures;
  readonly #idle: IdleWatch;
  #closed = false;

  constructor(options: StaffOptions) {
    this.#options = options;
    const { settings, clock, chance, lender } = options;
    this.#size = { min: settings.min, max: settings.max };
    this.#failures = new StartFailures({
      pool: settings.name,
      clock,
      chance,
      backoff: settings.backoff,
      members: () => lender.members,
      onRetry: () => {
        this.adjust();
        options.onChange();
      },
    });
    this.#idle = new IdleWatch({
      clock,
      idleTimeout: settings.idleTimeout,
      members: () => lender.members,
      surplus: () => this.ready - this.#size.min,
      end: (member) => this.drain(member),
    });
  }

  get starting(): number {
    return this.#starts.size;
  }

  get size(): { readonly min: number; readonly max: number } {
    return this.#size;
  }

  /** All that live. */
  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** How many can be lent, now or when they have done what they do. */
  get ready(): number {
    let count = 0;
    for (const { state } of this.#options.lender.members) if (state === 'ready') count += 1;
    return count;
  }

  resize(size: { readonly min: number; readonly max: number }): void {
    this.#size = size;
    this.adjust();
    this.trim();
  }

  /** Those that are too many go, when they have done what they do, and those that were idle for long enough. */
  trim(): void {
    for (const member of workersTooMany(this.#options.lender.members, this.#size.max)) this.drain(member);
    this.#idle.look();
  }

  /** Starts as many as are missing. @param turnedAway how many were, for want of room in the queue */
  adjust(turnedAway = 0): void {
    if (this.#closed || this.isWaiting) return;
    const { lender, settings } = this.#options;
    const starting = [...this.#starts].filter(({ forerunner }) => forerunner?.state !== 'ready').length;
    const { min, max } = this.#size;
    const { ready } = this;
    if (ready + starting >= max) return; // with each call that has to wait
    const missing = workersToStart({
      min,
      max,
      ready,
      starting,
      waiting: lender.waiting + turnedAway,
      tasksPerWorker: settings.tasksPerWorker,
    });
    for (let count = 0; count < missing; count += 1) void this.#start();
  }

  /** Starts one that takes this one's place as soon as it is ready. Resolves with whether it does. */
  async replace(member: Member): Promise<boolean> {
    const heir = await this.#start(member);
    return heir !== undefined && member.state !== 'ready';
  }

  /** Why the last start failed; undefined when one has succeeded since. */
  get failure(): Error | undefined {
    return this.#failures.last;
  }

  /** Whether it is a bad time to start another. */
  get isWaiting(): boolean {
    return this.#failures.isWaiting;
  }

  /** Why nobody can be served for now. */
  refusal(): Error | undefined {
    const isHopeless = this.#options.lender.members.length === 0 && this.starting === 0;
    return isHopeless ? this.#failures.refusal() : undefined;
  }

  /** Called as soon as a worker is born. */
  connect(wire: Wire): Connection {
    const { settings, form, clock, lender } = this.#options;
    const channel: Channel = new Channel(
      wire,
      { form, clock, longestMessage: settings.longestMessage, unfinishedAfter: UNFINISHED_AFTER_MS },
      {
        onNotification: (method, params) => this.#heard(member, method, params),
        onDrain: () => lender.serve(member),
        onEndOfInput: () => {
          member.isSilent = true;
        },
        onLost: (lost) => this.#lost(member, lost),
      },
    );
    const member = new Member(channel, settings.tasksPerWorker);
    this.#members.set(member.path, member);
    return channel;
  }

  /** It finishes what it has, and goes. */
  drain(member: Member): void {
    if (member.state !== 'ready') return;
    member.state = 'draining';
    if (member.isIdle) this.#options.onDrained(member);
  }

  /** By its stop plan; what it has is lost. */
  end(member: Member, why: Error = new WorkerEndedError(member, 'it is not needed any more')): void {
    if (member.state === 'gone' || member.state === 'ending') return;
    member.state = 'ending';
    member.endedFor ??= why;
    this.#options.workshop.stop(member);
    this.#options.onChange();
  }

  /** At once. Its calls fail with this error. */
  kill(member: Member, why: Error): void {
    if (member.state === 'gone') return;
    member.state = 'ending';
    member.endedFor ??= why;
    this.#options.workshop.kill(member);
    this.#options.onChange();
  }

  /** A call was cancelled, and its worker goes on with it. */
  stubborn(member: Member, call: Call): void {
    const { cancelGrace } = this.#options.settings;
    const why = `it did not give up '${call.plan.method}' within ${cancelGrace} ms`;
    this.kill(member, new WorkerEndedError(member, why));
  }

  /** It has nothing to do. */
  idle(member: Member): void {
    if (member.state === 'draining') {
      this.#options.onDrained(member);
      return;
    }
    this.#idle.look();
  }

  close(): void {
    this.#closed = true;
    this.#failures.close();
    this.#idle.close();
  }

  async #start(forerunner?: Member): Promise<Member | undefined> {
    const { workshop, clock, lender, onChange, settings } = this.#options;
    const begun = clock.monotonic();
    const start = { forerunner };
    this.#starts.add(start);
    let member: Member | undefined;
    try {
      const path = await workshop.start();
      member = this.#members.get(path);
      if (member === undefined) throw new StartError(path, 'it ended as soon as it was ready', '');
      member.state = 'warming';
      if (settings.warmUp !== undefined) await runWarmUp(settings.warmUp, member, lender, this.#options);
    } catch (error) {
      this.#starts.delete(start);
      if (member !== undefined) this.kill(member, errorOf(error));
      this.#startFailed(this.#failures.explained(errorOf(error)));
      return undefined;
    }
    this.#failures.started();
    const isWanted = isReplaceable(forerunner) || this.ready < this.#size.max;
    if (this.#closed || !isWanted) {
      this.#starts.delete(start);
      this.end(member);
      return undefined;
    }
    this.#makeReady(member, forerunner);
    this.#starts.delete(start); // from here on it is counted among those that are ready
    lender.join(member);
    this.adjust(); // those who still wait may need another: who wants a worker for himself takes a whole one
    this.#tellReady(member, begun);
    onChange();
    return member;
  }

  #makeReady(member: Member, forerunner: Member | undefined): void {
    const { clock, lender, onReady } = this.#options;
    lender.counters.started += 1;
    member.readyAt = clock.monotonic();
    member.idleSince = member.readyAt;
    member.calls = 0; // those of its warm-up show nothing: every worker has them
    member.state = 'ready';
    onReady(member);
    if (!isReplaceable(forerunner)) return;
    forerunner.heir = member;
    this.drain(forerunner); // before the other counts: there is never one too many
  }

  #tellReady({ path, pid, readyAt }: Member, begun: number): void {
    const { report, settings } = this.#options;
    const ms = Math.round(readyAt - begun);
    report({ type: 'pool.worker-ready', pool: settings.name, path, pid, ms });
  }

  #startFailed(error: Error): void {
    const { lender, settings, report, onChange } = this.#options;
    lender.counters.startsFailed += 1;
    if (this.#closed) return;
    const { delay, refusal } = this.#failures.failed(error);
    report({ type: 'pool.start-failed', pool: settings.name, message: messageOf(error), retryIn: delay });
    const nobodyElse = lender.members.length === 0 && this.starting === 0;
    if (refusal !== undefined && nobodyElse) lender.failWaiting(() => refusal);
    onChange();
  }

  #heard(member: Member, method: string, params: unknown): void {
    if (method !== '$/log') return;
    const { level, message, data } = (params ?? {}) as Readonly<Record<string, unknown>>;
    this.#options.report({
      type: 'pool.log',
      pool: this.#options.settings.name,
      path: member.path,
      level: String(level),
      message: String(message),
      data,
    });
  }

  #lost(member: Member, lost: Lost): void {
    const { lender, workshop, report, settings, onGone, onChange } = this.#options;
    const error = member.endedFor ?? errorOfLoss(member, lost);
    const wasNeeded = member.state === 'ready';
    this.#members.delete(member.path);
    lender.lost(member, error);
    if (isMutelyEnded(member, lost)) this.#failures.broke(member.path, error);
    member.onGone?.(error);
    if (lost.by !== 'exit') workshop.kill(member);
    if (member.readyAt > 0) {
      if (isLoss(member, lost)) lender.counters.lost += 1;
      const { path, pid } = member;
      report({ type: 'pool.worker-gone', pool: settings.name, path, pid, why: error.message });
    }
    onGone(member);
    // One that ends as soon as it is ready, again and again, is not started again at once.
    if (this.#failures.isProven(member)) this.#failures.worked();
    else if (wasNeeded && !this.#closed) this.#failures.endedUnused(error);
    this.adjust();
    this.trim(); // its sessions may have been what another stayed for
    onChange();
  }
}

/** While its heir was starting it may have ended, or have got a session that it cannot hand on. */
const isReplaceable = (member: Member | undefined): member is Member =>
  member?.state === 'ready' && member.canHandOn;
