/** A simulated host whose children do as a test tells them, and what becomes of it in the notation of OTP's own traces. */
import { expect, onTestFinished } from 'vitest';
import { ReeveError, StartError } from '../../src/errors.ts';
import type { ExitReason, TimedEvent } from '../../src/events.ts';
import type { Host } from '../../src/host/host.ts';
import type { Program, Running } from '../../src/os/sim/running.ts';
import { type SimHost, Simulation } from '../../src/sim/simulation.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import type { SupervisorOptions, WorkerChildOptions } from '../../src/supervisor/supervisor-spec.ts';

/** How a child ends by itself: normal, shutdown, {shutdown, Term}, killed, abnormal. */
export type End = 'N' | 'S' | 'S(t)' | 'K' | 'A';

/** Exit codes that say `shutdown`, the second with a tag, by a child's `shutdownExitCodes`. */
export const EXIT_CODES = { N: 0, S: 98, 'S(t)': 99, A: 1 } as const;

/**
 * What comes of one start: it is ready (after a while), is not needed, is refused by its start function, dies before it is ready (after
 * a while), never gets ready.
 */
export type Outcome = 'ok' | 'ok late' | 'ignore' | 'error' | 'dies' | 'dies late' | 'hangs';

/** Milliseconds until a child that is to be ready late, or to die late, is. */
export const LATE_MS = 1_500;

/** Longer than any chain of starts and stops takes here that nobody holds up. */
const SETTLED_MS = 400;

export interface ChildScript extends Partial<WorkerChildOptions> {
  /** What it does besides getting ready. */
  readonly does?: Program;
}

/** Call it inside a test: at its end the host is stopped, and the test fails if anything was broken, or is left. */
export async function openStage(): Promise<Stage> {
  const simulation = new Simulation({ pidMax: 32_768 });
  const simHost = await simulation.run(simulation.startHost());
  const stage = new Stage(simulation, simHost);
  onTestFinished(async () => {
    await simulation.run(simHost.stop());
    expect(simulation.violations).toEqual([]);
  });
  return stage;
}

export class Stage {
  readonly simulation: Simulation;
  readonly host: Host;
  /** What has happened, as in golden.txt. */
  readonly trace: string[] = [];
  /** All events, oldest first. */
  readonly events: TimedEvent[] = [];
  readonly #alive = new Map<string, Running>();
  /** By id: what comes of its next starts, and of all others. */
  readonly #next = new Map<string, Outcome[]>();
  readonly #always = new Map<string, Outcome>();
  readonly #current = new Map<string, Outcome>();
  readonly #asked = new Set<string>();
  readonly #started = new Set<string>();

  constructor(simulation: Simulation, simHost: SimHost) {
    this.simulation = simulation;
    this.host = simHost.host!;
    this.host.events.on((event) => {
      this.events.push(event);
      this.#fold(event);
    });
  }

  /** A worker that is ready when its program has begun, and does as it is told. */
  child(id: string, { does = () => {}, ...options }: ChildScript = {}): WorkerChildOptions {
    this.simulation.install(id, (self) => this.#run(self, does));
    return {
      id,
      command: id,
      ready: { notify: 'fd' },
      startTimeout: 1_000_000,
      shutdown: 1_000,
      shutdownExitCodes: [EXIT_CODES.S, EXIT_CODES['S(t)']],
      start: ({ path }) => {
        const outcome = this.#outcomeOf(nameOf(path));
        this.#current.set(nameOf(path), outcome);
        if (outcome === 'error') throw new Error('boom');
        return outcome === 'ignore' ? 'ignore' : undefined;
      },
      ...options,
    };
  }

  /** Does not end when it is told to. */
  stubborn(id: string, options: ChildScript = {}): WorkerChildOptions {
    return this.child(id, {
      does: (self) =>
        self.on('SIGTERM', () => {
          this.trace.push(`{stop_ignored,${id},${numberOf(workerIdOf(self))}}`);
        }),
      ...options,
    });
  }

  /** What comes of this child's next starts. */
  next(id: string, ...outcomes: Outcome[]): void {
    this.#next.set(id, outcomes);
  }

  /** What comes of all its starts from now on. */
  always(id: string, outcome: Outcome): void {
    this.#always.set(id, outcome);
  }

  /** Not by way of the simulated host's own `supervise`: its oracle knows one_for_one only. */
  supervise(options: Partial<SupervisorOptions>): Promise<Supervisor> {
    return this.run(this.host.supervise({ id: 's', intensity: 2, period: 3_600_000, ...options }));
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.simulation.run(work);
  }

  pass(ms: number): Promise<void> {
    return this.simulation.pass(ms);
  }

  settle(): Promise<void> {
    return this.pass(SETTLED_MS);
  }

  get now(): number {
    return this.simulation.machine.timeline.now;
  }

  /** Lets this much time go by, and all that happens then come to its end. */
  async dies(id: string, end: End): Promise<void> {
    this.kill(id, end);
    await this.settle();
  }

  /** At once; nothing follows from it until time goes by. */
  kill(id: string, end: End): void {
    const self = this.#alive.get(id)!;
    if (end === 'K') this.simulation.machine.exit(self.process, null, 'SIGKILL');
    else self.exit(EXIT_CODES[end]);
  }

  /** Whether the newest process of this child lives. */
  isAlive(id: string): boolean {
    return this.#alive.get(id)?.process.alive === true;
  }

  /** The answer of a call in OTP's words. */
  async answer(call: Promise<unknown>): Promise<string> {
    return this.run(answerOf(call));
  }

  /** Why each incarnation of a child is no more, oldest first. */
  endsOf(id: string): readonly ExitReason[] {
    return this.events.flatMap((event) =>
      (event.type === 'worker.exited' || event.type === 'supervisor.exited') && nameOf(event.path) === id
        ? [event.reason]
        : [],
    );
  }

  /** The ends in the list's letters, oldest first. */
  lettersOf(id: string): readonly string[] {
    return this.endsOf(id).map(letterOf);
  }

  /** What has happened since the trace was so long. */
  since(length: number): readonly string[] {
    return this.trace.slice(length);
  }

  #outcomeOf(id: string): Outcome {
    for (const name of [id, id.replace(/\.\d+$/, '')]) {
      const outcome = this.#next.get(name)?.shift() ?? this.#always.get(name);
      if (outcome !== undefined) return outcome;
    }
    return 'ok';
  }

  #run(self: Running, does: Program): void {
    const id = nameOf(pathOf(workerIdOf(self)));
    this.#alive.set(id, self);
    const outcome = this.#current.get(id) ?? 'ok';
    if (outcome === 'dies') self.exit(1);
    if (outcome === 'dies late') self.after(LATE_MS, () => self.exit(1));
    does(self);
    if (outcome === 'ok late') self.after(LATE_MS, () => self.notify());
    if (outcome === 'ok') self.notify();
  }

  #fold(event: TimedEvent): void {
    if (event.type === 'child.stopping') this.#asked.add(event.workerId);
    if (event.type === 'child.started') {
      this.#started.add(event.workerId);
      this.trace.push(`{start,${nameOf(event.path)},${numberOf(event.workerId)}}`);
    }
    if (event.type === 'worker.exited' || (event.type === 'supervisor.exited' && event.path.includes('/'))) {
      const line = this.#lineOf(event.workerId, event.reason);
      if (line !== undefined) this.trace.push(line);
    }
  }

  /** Nothing is told of whom SIGKILL has ended, or who was stopped before it had started. */
  #lineOf(workerId: string, reason: ExitReason): string | undefined {
    const who = `${nameOf(pathOf(workerId))},${numberOf(workerId)}`;
    if (!this.#started.has(workerId)) {
      if (this.#asked.has(workerId)) return undefined;
      return reason.kind === 'ignored' ? `{start_ignore,${who}}` : `{start_fail,${who}}`;
    }
    if (!this.#asked.has(workerId)) return `{die,${who},${wordOfEnd(reason)}}`;
    return reason.kind === 'shutdown' && reason.forced ? undefined : `{stop,${who},${wordOfEnd(reason)}}`;
  }
}

/** OTP's which_children, newest first: `[{b,up},{a,undefined}]`. */
export function which(supervisor: Supervisor): string {
  const words = supervisor.whichChildren().map(({ id, state }) => `{${id},${WORDS[state] ?? state}}`);
  return `[${words.join(',')}]`;
}

const WORDS: Readonly<Record<string, string>> = { running: 'up', exited: 'undefined' };

/** OTP's count_children: specs, active, supervisors, workers. */
export function cnt(supervisor: Supervisor): readonly number[] {
  const { specs, active, supervisors, workers } = supervisor.countChildren();
  return [specs, active, supervisors, workers];
}

export const pidOf = (supervisor: Supervisor, id: string): number | undefined =>
  supervisor.whichChild(id)?.pid;

/** The lines of a trace, as golden.txt has them. */
export const golden = (text: string): readonly string[] => text.match(/\{[^}]*\}/g) ?? [];

/** The same of a call that is not waited for yet: only one may wait at a time, for that is what lets time go by. */
export const answerOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'ok', wordOf);

function wordOf(error: unknown): string {
  if (error instanceof StartError) return 'start_failed';
  const code = error instanceof ReeveError ? error.code : String(error);
  return code === 'ERR_REEVE_NOT_RUNNING' ? 'noproc' : code.replace('ERR_REEVE_', '').toLowerCase();
}

function wordOfEnd({ kind }: ExitReason): string {
  const isShutdown = kind === 'intensity-exceeded' || kind === 'auto-shutdown';
  return kind === 'crashed' ? 'boom' : isShutdown ? 'shutdown' : kind;
}

function letterOf(reason: ExitReason): string {
  switch (reason.kind) {
    case 'normal':
      return 'N';
    case 'killed':
      return 'K';
    case 'crashed':
      return 'A';
    case 'shutdown':
      return reason.forced ? 'K' : 'S';
    default:
      return reason.kind;
  }
}

const workerIdOf = (self: Running): string => self.process.origin!.workerId;
const pathOf = (workerId: string): string => workerId.slice(0, workerId.lastIndexOf(':'));
const numberOf = (workerId: string): string => workerId.slice(workerId.lastIndexOf(':') + 1);
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
