/** A pool's workers: how many there are, how new ones come, and how those go that are ill, worn, or not needed. */
import { NoWorkerError, ProtocolError, WorkerCrashedError, WorkerEndedError } from '../call-errors.ts';
import { Channel, type Lost } from '../channel/channel.ts';
import { errorOf, messageOf, SpawnError, StartError } from '../errors.ts';
import type { ReeveEvent } from '../events.ts';
import type { Clock, Timer } from '../os/os.ts';
import { restartDelay } from '../supervisor/backoff.ts';
import { describeExit } from '../worker/exit-reason.ts';
import type { Connection, Wire } from '../worker/wire.ts';
import type { Call } from './call.ts';
import { workersTooMany, workersToStart } from './growth.ts';
import type { Lender } from './lender.ts';
import { Member } from './member.ts';
import type { PoolSettings } from './pool-options.ts';

/** What workers are started and ended by. */
export interface Workshop {
  /** Resolves with the path of the worker when it is ready. */
  start(): Promise<string>;
  /** By its stop plan. */
  stop(member: Member): void;
  kill(member: Member): void;
}

export interface StaffOptions {
  readonly settings: PoolSettings;
  readonly form: 'json-lines' | 'frames';
  readonly clock: Clock;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly lender: Lender;
  readonly workshop: Workshop;
  readonly report: (event: ReeveEvent) => void;
  /** One is ready, one could not be started, or one is gone. */
  readonly onChange: () => void;
  readonly onReady: (member: Member) => void;
  /** It has finished what it had, and was asked to go. */
  readonly onDrained: (member: Member) => void;
  readonly onGone: (member: Member) => void;
}

/** How long a message may stand unfinished, ms. */
const UNFINISHED_AFTER_MS = 10_000;
/** A start that fails for one of these may succeed next time. */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);
/** How often in a row such a start is tried while callers wait. */
const PASSING_FAILURES = 5;

export class Staff {
  readonly #options: StaffOptions;
  /** By path: all that live, wherever they are in their lives. */
  readonly #members = new Map<string, Member>();
  #size: { readonly min: number; readonly max: number };
  #starting = 0;
  /** Of those that start, how many are to take another's place: they count neither to the least nor to the greatest number. */
  #replacing = 0;
  /** Starts that failed one after the other. */
  #failures = 0;
  #failed: { readonly error: Error; readonly until: number } | undefined;
  #retry: Timer | undefined;
  #shrink: Timer | undefined;
  #closed = false;

  constructor(options: StaffOptions) {
    this.#options = options;
    this.#size = options.settings;
  }

  get starting(): number {
    return this.#starting;
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
    return this.#options.lender.members.filter(({ state }) => state === 'ready').length;
  }

  resize(size: { readonly min: number; readonly max: number }): void {
    this.#size = size;
    this.adjust();
    const surplus = workersTooMany(size.max, this.ready);
    const byLoad = [...this.#options.lender.members].sort((a, b) => a.load - b.load);
    for (const member of byLoad
      .filter(({ state, sessions }) => state === 'ready' && sessions.size === 0)
      .slice(0, surplus))
      this.drain(member);
  }

  /** Starts as many as are missing. */
  adjust(): void {
    if (this.#closed || this.isWaiting) return;
    const { lender, settings } = this.#options;
    const missing = workersToStart({
      ...this.#size,
      ready: this.ready,
      starting: this.#starting - this.#replacing,
      waiting: lender.waiting,
      tasksPerWorker: settings.tasksPerWorker,
    });
    for (let count = 0; count < missing; count += 1) void this.#start();
  }

  /** Starts one that takes this one's place as soon as it is ready. Resolves with whether it does. */
  async replace(member: Member): Promise<boolean> {
    this.#replacing += 1;
    const heir = await this.#start(member);
    this.#replacing -= 1;
    return heir !== undefined;
  }

  /** Why the last start failed; undefined when one has succeeded since. */
  get failure(): Error | undefined {
    return this.#failed?.error;
  }

  /** Whether it is a bad time to start another. */
  get isWaiting(): boolean {
    return this.#retry !== undefined;
  }

  /** Why nobody can be served for now. */
  refusal(): Error | undefined {
    const { clock, settings, lender } = this.#options;
    if (this.#failed === undefined || lender.members.length > 0 || this.#starting > 0) return undefined;
    const retryIn = Math.max(0, Math.ceil(this.#failed.until - clock.monotonic()));
    return retryIn === 0 ? undefined : new NoWorkerError(settings.name, retryIn, this.#failed.error);
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
    if (Number.isFinite(this.#options.settings.idleTimeout)) this.#shrinkLater();
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#retry, this.#shrink])
      if (timer !== undefined) this.#options.clock.clearTimeout(timer);
  }

  async #start(forerunner?: Member): Promise<Member | undefined> {
    const { workshop, clock, lender, onReady, onChange, report, settings } = this.#options;
    const begun = clock.monotonic();
    this.#starting += 1;
    let member: Member | undefined;
    try {
      const path = await workshop.start();
      member = this.#members.get(path);
      if (member === undefined) throw new StartError(path, 'it ended as soon as it was ready', '');
      await this.#warmUp(member);
    } catch (error) {
      this.#starting -= 1;
      if (member !== undefined) this.kill(member, errorOf(error));
      this.#startFailed(errorOf(error));
      return undefined;
    }
    this.#starting -= 1;
    lender.counters.started += 1;
    this.#failed = undefined;
    member.readyAt = clock.monotonic();
    member.idleSince = member.readyAt;
    if (this.#closed) {
      this.end(member);
      return undefined;
    }
    member.state = 'ready';
    report({
      type: 'pool.worker-ready',
      pool: settings.name,
      path: member.path,
      pid: member.pid,
      ms: Math.round(member.readyAt - begun),
    });
    onReady(member);
    if (forerunner?.state === 'ready') {
      forerunner.heir = member;
      this.drain(forerunner); // before the other counts: there is never one too many
    }
    lender.join(member);
    onChange();
    return member;
  }

  async #warmUp(member: Member): Promise<void> {
    const { warmUp } = this.#options.settings;
    if (warmUp === undefined) return;
    const gone = new Promise<never>((_, reject) => {
      member.onGone = reject;
    });
    gone.catch(() => {}); // it may come later
    const { lender } = this.#options;
    const call = (method: string, params?: unknown) =>
      lender.call(plainPlan(method, params), undefined, member);
    const notify = (method: string, params?: unknown) => member.channel.notify(method, params);
    await Promise.race([warmUp({ path: member.path, pid: member.pid, call, notify }), gone]);
  }

  #startFailed(error: Error): void {
    const { lender, settings, clock, chance, report, onChange } = this.#options;
    lender.counters.startsFailed += 1;
    if (this.#closed) return;
    this.#failures += 1;
    const delay = restartDelay(settings.backoff, this.#failures, chance());
    report({ type: 'pool.start-failed', pool: settings.name, message: messageOf(error), retryIn: delay });
    const mayPass = isPassing(error) && this.#failures < PASSING_FAILURES;
    this.#failed = { error, until: clock.monotonic() + delay };
    if (!mayPass && lender.members.length === 0 && this.#starting === 0) {
      lender.failWaiting(() => new NoWorkerError(settings.name, delay, error));
    }
    this.#tryLater(delay);
    onChange();
  }

  #tryLater(delay: number): void {
    const { clock } = this.#options;
    if (this.#retry !== undefined) clock.clearTimeout(this.#retry);
    this.#retry = clock.setTimeout(() => {
      this.#retry = undefined;
      this.adjust();
    }, delay);
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
    const hadWorked = member.calls > 0;
    lender.lost(member, error);
    member.onGone?.(error);
    if (lost.by !== 'exit') workshop.kill(member);
    if (member.readyAt > 0) {
      if (member.endedFor === undefined || !(member.endedFor instanceof WorkerEndedError))
        lender.counters.lost += 1;
      report({
        type: 'pool.worker-gone',
        pool: settings.name,
        path: member.path,
        pid: member.pid,
        why: error.message,
      });
    }
    onGone(member);
    if (hadWorked) this.#failures = 0;
    // One that ends as soon as it is ready, again and again, is not started again at once.
    else if (wasNeeded && member.readyAt > 0) this.#endedUnused(error);
    this.adjust();
    onChange();
  }

  #endedUnused(error: Error): void {
    const { settings, chance, clock } = this.#options;
    this.#failures += 1;
    if (this.#failures === 1 || this.#closed) return;
    const delay = restartDelay(settings.backoff, this.#failures - 1, chance());
    this.#failed = { error, until: clock.monotonic() + delay };
    this.#tryLater(delay);
  }

  /** One timer for all: it rings when the first may have been idle for long enough. */
  #shrinkLater(): void {
    const { clock, settings, lender } = this.#options;
    if (this.#shrink !== undefined || this.#closed || this.ready <= this.#size.min) return;
    const now = clock.monotonic();
    const idle = lender.members.filter((member) => member.isIdle && member.state === 'ready');
    if (idle.length === 0) return;
    const first = Math.min(...idle.map(({ idleSince }) => idleSince));
    const wait = Math.max(1, Math.ceil(first + settings.idleTimeout - now));
    this.#shrink = clock.setTimeout(() => {
      this.#shrink = undefined;
      this.#endIdle();
      this.#shrinkLater();
    }, wait);
  }

  #endIdle(): void {
    const { clock, settings, lender } = this.#options;
    const now = clock.monotonic();
    for (const member of [...lender.members].reverse()) {
      if (this.ready <= this.#size.min) return;
      const isOld = member.isIdle && now - member.idleSince >= settings.idleTimeout;
      if (isOld && member.sessions.size === 0) this.drain(member);
    }
  }
}

function errorOfLoss(member: Member, lost: Lost): Error {
  switch (lost.by) {
    case 'exit': {
      const { reason } = lost;
      return new WorkerCrashedError(member, describeExit(reason), reason, member.channel.wire.stderrTail());
    }
    case 'closed':
      return new ProtocolError(member, 'closed', 'it closed its channel, and lives on');
    case 'fault':
      return new ProtocolError(member, lost.fault.kind, lost.fault.message);
  }
}

const isPassing = (error: unknown): boolean => {
  const cause = error instanceof StartError ? error.cause : error;
  return cause instanceof SpawnError && PASSING.has(cause.code);
};

const NEVER = Number.POSITIVE_INFINITY;

const plainPlan = (method: string, params: unknown) => ({
  method,
  params,
  priority: 0,
  timeout: NEVER,
  queueTimeout: NEVER,
  idempotent: false,
  signal: undefined,
  onProgress: undefined,
  items: undefined,
});
