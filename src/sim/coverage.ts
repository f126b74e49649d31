/** What a campaign must have seen at least once, to have looked where it matters. */
import type { TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { SweepReport } from '../registry/sweep.ts';

export const SOMETIMES = [
  'a pid used again',
  'a pid used again within one tick',
  'host killed between two effects',
  'forker killed between two effects',
  'forker stopped',
  'line cut',
  'a fork failed',
  'a disk operation failed',
  'one disk operation failed, and no other',
  'host and forker killed together',
  'guardian killed amid its clearing',
  'host killed before it had started',
  'forker lost',
  'forker lost while workers start',
  'forker dies during a sweep',
  'stop during a birth',
  'worker had to be killed',
  'worker was killed by somebody else',
  'worker failed to start',
  'worker could not be forked',
  'supervisor gave up',
  'supervisor failed to start',
  'a group was started again',
  'a supervisor below another gave up',
  'a supervisor below another was started again',
  'a supervisor had done its work',
  'a restart had to wait',
  'a child was started by a call',
  'a child was deleted by a call',
  'a supervisor was stopped by a call',
  'a supervisor was reconfigured by a call',
  'registry could not be written',
  'sweep ended orphans',
  'sweep met a living run',
  'sweep met a stranger on a recorded pid',
  'sweep left the unproven alone',
  'sweep waited for a forker',
  'sweep met a damaged file',
  'two hosts at once',
  'machine started anew',
  'something was left behind',
  'stop in order',
] as const;

export type Sometimes = (typeof SOMETIMES)[number];

export class Coverage {
  readonly #counts = new Map<Sometimes, number>(SOMETIMES.map((what) => [what, 0]));

  saw(what: Sometimes, count = 1): void {
    this.#counts.set(what, this.#counts.get(what)! + count);
  }

  add(other: Coverage): void {
    for (const [what, count] of other.#counts) this.saw(what, count);
  }

  /** How often each was seen. */
  counts(): Readonly<Record<Sometimes, number>> {
    return Object.fromEntries(this.#counts) as Record<Sometimes, number>;
  }

  missing(): readonly Sometimes[] {
    return SOMETIMES.filter((what) => this.#counts.get(what) === 0);
  }

  watch(machine: SimMachine): void {
    const owners = new Map<number, { readonly bootId: string; readonly startTime: number }>();
    machine.watch({
      onFailure: (of, once) => {
        if (of === 'fork') this.saw('a fork failed');
        else this.saw(once ? 'one disk operation failed, and no other' : 'a disk operation failed');
      },
      onFork: ({ pid, startTime }) => {
        const { bootId } = machine;
        const before = owners.get(pid);
        owners.set(pid, { bootId, startTime });
        if (before?.bootId !== bootId) return; // after a reboot pids and ticks begin anew
        this.saw('a pid used again');
        if (before.startTime === startTime) this.saw('a pid used again within one tick');
      },
    });
  }

  heard(event: TimedEvent): void {
    switch (event.type) {
      case 'forker.lost':
        this.saw('forker lost');
        break;
      case 'registry.warning':
        this.saw('registry could not be written');
        break;
      case 'supervisor.gave-up':
        this.saw(event.reason.kind === 'not-ready' ? 'supervisor failed to start' : 'supervisor gave up');
        break;
      case 'supervisor.decided':
        if (event.delay > 0) this.saw('a restart had to wait');
        break;
      case 'supervisor.exited':
        if (event.reason.kind === 'auto-shutdown') this.saw('a supervisor had done its work');
        if (event.reason.kind === 'intensity-exceeded' && event.path.includes('/'))
          this.saw('a supervisor below another gave up');
        break;
      case 'child.started':
        if (event.because?.by === 'call') this.saw('a child was started by a call');
        if (event.because?.by !== 'exit') break;
        if (event.because.path !== event.path) this.saw('a group was started again');
        else if (event.child === 'supervisor') this.saw('a supervisor below another was started again');
        break;
      case 'host.left-behind':
        this.saw('something was left behind');
        break;
      case 'worker.state':
        if (event.state === 'stopping' && event.pid === undefined) this.saw('stop during a birth');
        break;
      case 'worker.exited':
        if (event.reason.kind === 'shutdown' && event.reason.forced) this.saw('worker had to be killed');
        if (event.reason.kind === 'killed') this.saw('worker was killed by somebody else');
        if (event.reason.kind === 'not-ready') this.saw('worker failed to start');
        if (event.reason.kind === 'spawn-failed') {
          this.saw('worker could not be forked');
          if (event.reason.error.phase === 'forker') this.saw('forker lost while workers start');
        }
    }
  }

  swept(report: SweepReport): void {
    for (const run of report.runs) {
      if (run.outcome === 'alive') this.saw('sweep met a living run');
      if (run.notes.some((note) => note.includes('damaged'))) this.saw('sweep met a damaged file');
      for (const { verdict, action } of run.processes) {
        if (action === 'ended' || action === 'killed') this.saw('sweep ended orphans');
        if (action === 'ended-by-forker') this.saw('sweep waited for a forker');
        if (verdict === 'reused') this.saw('sweep met a stranger on a recorded pid');
        if (verdict === 'unverified') this.saw('sweep left the unproven alone');
      }
    }
  }
}
