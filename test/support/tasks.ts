/** Tasks on a simulated machine: what each does, and for how long, is written in its arguments. */
import type { TaskOptions, TasksOptions } from '../../src/index.ts';
import { type Program, Simulation } from '../../src/sim/index.ts';

export interface Job {
  /** How long it runs, ms; default 10. */
  readonly ms?: number;
  /** What it exits with; default 0. */
  readonly code?: number;
  readonly says?: string;
  readonly complains?: string;
  /** Milliseconds between the lines that it writes. */
  readonly chats?: number;
  readonly ignoresTerm?: boolean;
  /** It leaves a child behind that does not end by itself. */
  readonly leavesChild?: boolean;
  /** It ends well from this start on, of those with the same name. */
  readonly wellFrom?: number;
  readonly name?: string;
}

export const job = (what: Job = {}, rest: Partial<TaskOptions> = {}): TaskOptions => ({
  command: 'job',
  args: [JSON.stringify(what)],
  ...rest,
});

export async function openTasks(tasks: TasksOptions = {}) {
  const births = new Map<string, number>();
  const program: Program = (self) => {
    const { commandLine } = self.process;
    const what: Job = JSON.parse(commandLine.slice(commandLine.indexOf('{')));
    const birth = (births.get(what.name ?? '') ?? 0) + 1;
    births.set(what.name ?? '', birth);
    if (what.ignoresTerm) self.ignore('SIGTERM');
    if (what.leavesChild) self.fork(() => {});
    if (what.says !== undefined) self.write(what.says);
    if (what.complains !== undefined) self.write(what.complains, 'stderr');
    const chat = (): void => {
      self.write('.\n');
      self.after(what.chats!, chat);
    };
    if (what.chats !== undefined) self.after(what.chats, chat);
    const isWell = what.wellFrom !== undefined && birth >= what.wellFrom;
    self.after(what.ms ?? 10, () => self.exit(isWell ? 0 : (what.code ?? 0)));
  };
  const simulation = new Simulation({ programs: { job: program } });
  const start = () => simulation.run(simulation.startHost({ signals: false, tasks }));
  const sim = await start();
  const living = () =>
    simulation.machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers).length;
  /** The greatest number of processes there were while this was done. */
  const greatest = async (work: Promise<unknown>): Promise<number> => {
    let most = 0;
    let over = false;
    void work.finally(() => {
      over = true;
    });
    while (!over) {
      await simulation.pass(1);
      most = Math.max(most, living());
    }
    return most;
  };
  return {
    simulation,
    sim,
    host: sim.host!,
    /** Another host with the same options, on the same disk. */
    start,
    living,
    greatest,
    births,
    now: () => simulation.machine.timeline.now,
    run: <T>(work: Promise<T>): Promise<T> => simulation.run(work),
  };
}
