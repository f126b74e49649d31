/** The cast that has children in number, or at an awkward time. */
import * as does from '../../../src/os/sim/programs.ts';
import type { Actor } from './stage.ts';
import { python, shell, up } from './twins.ts';

/** As `leavesItsGroup`, but it ends by itself. */
export const leavesItsGroupSoon = shell(
  'leaves-its-group-soon',
  does.leavesItsGroup(50, does.both(does.ignoresTerm, up)),
  `sh -c 'trap "" TERM INT HUP; echo up; exec sleep 1000' & sleep 0.05`,
);

export const forksOften = python(
  'forks-often',
  does.both(up, does.forksOften(20)),
  `import subprocess
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print('up', flush=True)
while True:
    subprocess.Popen(['sleep', '0.08'], start_new_session=True)
    time.sleep(0.02)`,
);

/** Each generation has its session before the one before it ends: a simulated fork does both at once. */
export const forksAsItEnds = (generations: number, { newSession }: { newSession: boolean }): Actor =>
  python(
    `forks-as-it-ends-${generations}${newSession ? '-in-sessions' : ''}`,
    does.both(up, does.forksAsItEnds(generations, { newSession })),
    `signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('up', flush=True)
for _ in range(${generations}):
    signal.sigwait([signal.SIGTERM])
    here, there = os.pipe()
    if os.fork() > 0:
        os.close(there)
        os.read(here, 1)
        os._exit(0)
    ${newSession ? 'os.setsid()' : ''}
    os.close(here)
    os.close(there)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
signal.pause()`,
  );

export const forkStorm = (generations: number): Actor =>
  python(
    `fork-storm-${generations}`,
    does.both(up, does.forkStorm(generations)),
    `print('up', flush=True)
def storm(generations):
    for _ in range(2 if generations > 0 else 0):
        if os.fork() == 0: storm(generations - 1)
    while True: signal.pause()
storm(${generations})`,
  );
