/** Fifty workers, some of them hard to end: what every way of dying is tried on. */
import type { ChildOptions, SupervisorOptions } from '../../src/index.ts';

/** Ignores SIGTERM, and so does what it starts. */
export const stubborn: ChildOptions = {
  id: 'stubborn',
  command: 'sh',
  args: ['-c', 'trap "" TERM; echo up; sleep 1006; exit 1'],
  ready: { log: 'up' },
  shutdown: 500,
};

/** Has a child in its own group. */
export const withChild: ChildOptions = {
  id: 'with-child',
  command: 'sh',
  args: ['-c', 'sleep 1000 & echo up; wait'],
  ready: { log: 'up' },
};

/** Has a grandchild in a session of its own. */
export const withSession: ChildOptions = {
  id: 'with-session',
  command: 'sh',
  args: ['-c', 'setsid sleep 1001 & echo up; wait'],
  ready: { log: 'up' },
};

/** Left a daemon behind that is nobody's child any more: forked twice, in a session of its own, its streams closed. */
export const withDaemon: ChildOptions = {
  id: 'with-daemon',
  command: 'sh',
  args: [
    '-c',
    '(setsid sh -c "sleep 1002 & exec sleep 1003" </dev/null >/dev/null 2>&1 &) ; echo up; exec sleep 1004',
  ],
  ready: { log: 'up' },
};

export function crowd(size = 50): SupervisorOptions {
  const special = [stubborn, withChild, withSession, withDaemon];
  const plain = Array.from(
    { length: size - special.length },
    (_, index): ChildOptions => ({
      id: `plain-${index}`,
      command: 'sleep',
      args: ['1005'],
    }),
  );
  return { id: 'crowd', ordered: false, intensity: 1_000, children: [...special, ...plain] };
}

/** The crowd's processes: one each, and the two shells' children, the sleep of the stubborn, and the daemons. */
export const LEAST_PROCESSES = 50 + 1 + 1 + 2;
