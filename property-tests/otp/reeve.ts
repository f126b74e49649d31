/** Reeve's side: a tree on the simulated machine, and what is done to it, step by step. */
import type { Host } from '../../src/host/host.ts';
import type { Running } from '../../src/os/sim/running.ts';
import { type SimHost, Simulation } from '../../src/sim/simulation.ts';
import type { ChildInfo } from '../../src/supervisor/child-info.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { Fold } from './fold.ts';
import { childOptionsOf, EXIT_CODES, optionsOf, type StartAnswer } from './options.ts';
import type { ChildPlan, How, Request, Script, Sequence, SupervisorPlan } from './sequence.ts';
import type { Applied, Look, Step } from './step.ts';

/** Whatever follows from a command has happened by then. */
const QUIET_MS = 20_000;
/** A start takes longer than it takes to hear of all that have died at the same moment. */
const START_MS = 60;

const OUTCOMES: Readonly<Record<string, string>> = {
  ERR_REEVE_START: 'failed',
  ERR_REEVE_NOT_RUNNING: 'not_running',
  ERR_REEVE_ALREADY_STARTED: 'already_started',
  ERR_REEVE_ALREADY_PRESENT: 'already_present',
  ERR_REEVE_NOT_FOUND: 'not_found',
  ERR_REEVE_RUNNING: 'running',
  ERR_REEVE_RESTARTING: 'restarting',
  ERR_REEVE_DYNAMIC: 'dynamic',
};

export class Reeve {
  readonly #sequence: Sequence;
  readonly #simulation = new Simulation({ seed: 1, pidMax: 4_096 });
  readonly #fold = new Fold();
  readonly #workers = new Map<string, Running>();
  readonly #gates = new Map<string, (verdict: string) => void>();
  #outcomes = new Map<number, string>();
  #exit: string | undefined;
  /** The paths of supervisors that are up, oldest first. */
  readonly #living = new Set<string>();
  #simHost: SimHost | undefined;

  constructor(sequence: Sequence) {
    this.#sequence = sequence;
    // Deaths are heard of in the order in which they happen.
    this.#simulation.machine.latency = 0;
    this.#simulation.install('worker', (self) => {
      const { REEVE_WORKER_ID: workerId = '' } = self.process.environment;
      this.#workers.set(workerId.slice(0, workerId.lastIndexOf(':')), self);
    });
  }

  async do(applied: Applied): Promise<Step> {
    if (applied.do === 'start') await this.#start();
    else if (applied.do === 'stop') this.#stop();
    else if (applied.do === 'open') this.#open(applied.path, applied.verdict);
    else if (applied.do === 'die') for (const [path, how] of applied.deaths) this.#die(path, how as How);
    else this.#call(applied.number);
    await this.#simulation.pass(QUIET_MS);
    const outcomes = this.#outcomes;
    this.#outcomes = new Map();
    return {
      entries: this.#fold.take(),
      outcomes,
      exit: this.#exit,
      looks: [...this.#living].map((path) => this.#look(path)),
      gates: [...this.#gates.keys()],
    };
  }

  /** Undefined for what it never had. */
  strategyOf(path: string): SupervisorPlan['strategy'] | undefined {
    const kind = this.#fold.planOf(path)?.kind;
    return typeof kind === 'object' ? kind.strategy : undefined;
  }

  get #host(): Host {
    return this.#simHost!.host!;
  }

  async #start(): Promise<void> {
    this.#simHost = await this.#simulation.run(this.#simulation.startHost({ spawner: 'direct' }));
    this.#host.events.on((event) => {
      this.#fold.heard(event);
      if (event.type === 'child.started' && event.child === 'supervisor') this.#living.add(event.path);
      if (event.type === 'supervisor.exited') this.#living.delete(event.path);
    });
    const options = optionsOf(this.#sequence.tree, (path, child, script) => this.#ask(path, child, script));
    void this.#host.supervise(options).then(
      (supervisor) => this.#up(supervisor),
      (error: unknown) => {
        this.#outcomes.set(0, outcomeOf(error));
        this.#exit = 'failed';
      },
    );
  }

  async #up(supervisor: Supervisor): Promise<void> {
    const { id } = this.#sequence.tree;
    this.#outcomes.set(0, 'ok');
    this.#fold.topStarted(id);
    if (this.#exit === undefined && this.#host.supervisors.includes(supervisor)) this.#living.add(id);
    const { kind } = await supervisor.stopped;
    const isShutdown = ['shutdown', 'intensity-exceeded', 'auto-shutdown'].includes(kind);
    this.#exit = isShutdown ? 'shutdown' : kind;
  }

  #ask(path: string, child: ChildPlan, script: Script): StartAnswer | Promise<StartAnswer> {
    const verdict = script[this.#fold.asked(path, child) - 1] ?? 'ok';
    if (verdict !== 'gate') return this.#later(verdict).then(answer);
    this.#fold.waits(path);
    return new Promise<string>((resolve) => this.#gates.set(path, resolve)).then(answer);
  }

  #later(verdict: string): Promise<string> {
    return new Promise((resolve) => this.#simulation.machine.timeline.add(START_MS, () => resolve(verdict)));
  }

  #stop(): void {
    const { id } = this.#sequence.tree;
    this.#fold.topStopping(id);
    void this.#host.supervisor(id).stop();
  }

  #open(path: string, verdict: string): void {
    const open = this.#gates.get(path);
    this.#gates.delete(path);
    open?.(verdict);
  }

  #die(path: string, how: How): void {
    const worker = this.#workers.get(path);
    if (worker === undefined || !this.#fold.isUp(path)) return; // it is missing in what is seen then
    this.#fold.died(path);
    // Those who die at the same moment are reaped in the order in which their parent has them: that is to be ours.
    const siblings = worker.process.parent?.children;
    siblings?.delete(worker.process);
    siblings?.add(worker.process);
    if (how === 'killed') this.#simulation.machine.exit(worker.process, null, 'SIGKILL');
    else worker.exit(EXIT_CODES[how]);
  }

  #call(number: number): void {
    const command = this.#sequence.commands[number - 1];
    if (command?.do !== 'call') throw new Error(`command ${number} is no call`);
    const supervisor = this.#host.supervisor(command.supervisor);
    this.#request(supervisor, command.request).then(
      (outcome) => this.#outcomes.set(number, outcome),
      (error: unknown) => this.#outcomes.set(number, outcomeOf(error)),
    );
  }

  async #request(supervisor: Supervisor, request: Request): Promise<string> {
    switch (request[0]) {
      case 'start_child': {
        const asked = request[1];
        const child =
          asked === 'none'
            ? []
            : childOptionsOf(asked, (path, plan, script) => this.#ask(path, plan, script));
        return startedAs(await supervisor.startChild(child));
      }
      case 'restart_child':
        return startedAs(await supervisor.restartChild(request[1]));
      case 'terminate_child':
        await supervisor.terminateChild(request[1]);
        return 'ok';
      case 'delete_child':
        await supervisor.deleteChild(request[1]);
        return 'ok';
    }
  }

  #look(path: string): Look {
    const supervisor = this.#host.supervisor(path);
    const { specs, active, supervisors, workers } = supervisor.countChildren();
    return {
      path,
      which: supervisor.whichChildren().map((child) => [child.id, this.#seen(child)]),
      count: [specs, active, supervisors, workers],
    };
  }

  #seen({ state, path }: ChildInfo): number | string {
    if (state === 'running') return this.#fold.attempt(path);
    return state === 'exited' ? 'undefined' : state;
  }
}

const startedAs = ({ state }: ChildInfo): string => (state === 'exited' ? 'ignored' : 'ok');

function answer(verdict: string): StartAnswer {
  if (verdict === 'error') throw new Error('boom');
  return verdict === 'ignore' ? 'ignore' : undefined;
}

function outcomeOf(error: unknown): string {
  const code = (error as { readonly code?: string }).code ?? '';
  if (OUTCOMES[code] === undefined) throw error;
  return OUTCOMES[code];
}
