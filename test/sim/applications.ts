/** Applications in a simulated world, for short stories: their programs, and what is said of one life. */
import type { Host } from '../../src/host/host.ts';
import {
  type Application,
  inPeace,
  live,
  programs,
  type Violation,
  type World,
} from '../../src/sim/index.ts';

const WORKER = { command: 'worker', startTimeout: 1_000, shutdown: 500 };
export const PROGRAMS = {
  worker: programs.serves(),
  task: programs.exitsAfter(20, 0),
  deaf: programs.ignoresTerm,
};
export const PEACE = inPeace(5);

export const openPool = (host: Host) => host.pool({ name: 'echo', worker: WORKER, min: 2, max: 3 });
export const noPool = (host: Host) =>
  host.pool({ name: 'none', worker: { ...WORKER, command: 'nowhere' }, min: 1 });
export const worldOf = (application: Application): World => ({ application, programs: PROGRAMS });

/** Something is wrong in it, though nothing that would harm anybody. */
export function notQuiteInPeace(after = 0) {
  const [generation] = PEACE.generations;
  return { ...PEACE, generations: [{ ...generation!, steps: [{ after, deed: 'clock-jumps' as const }] }] };
}

/** What is broken in a life that is left in peace, or in that of another plan. */
export async function brokenBy(application: Application, plan = PEACE): Promise<readonly Violation[]> {
  const { violations } = await live(plan, worldOf(application));
  return violations;
}
