/** Hand-built processes, as a census would see them. */
import type { Cookie } from '../../src/os/cookie.ts';
import type { Self, Sighting } from '../../src/os/os.ts';

export const BOOT = { bootId: 'boot', pidNamespace: 'pid:[1]' };

/** The test's own place in the table: pid 500, child of 400, which is a child of 1; all three share group 400. */
export const SELF: Self = {
  identity: { ...BOOT, pid: 500, startTime: 50 },
  userId: 1_000,
  machine: 'here',
  cookies: [],
};

/** A process that leads its own session, is a child of pid 1 and carries no mark, unless told otherwise. */
export function sighting(pid: number, rest: Partial<Sighting> = {}): Sighting {
  const session = rest.session ?? pid;
  return {
    ...BOOT,
    pid,
    startTime: pid,
    parent: 1,
    group: session,
    session,
    zombie: false,
    dying: false,
    cookies: [],
    ...rest,
  };
}

export const mark = (runId: string, workerId = ''): Cookie => ({ runId, workerId });

/** Pid 1, our parent and ourselves. */
export const OURSELVES: readonly Sighting[] = [
  sighting(1, { parent: 0 }),
  sighting(400),
  sighting(500, { parent: 400, startTime: 50, session: 400, group: 400 }),
];
