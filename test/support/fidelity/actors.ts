/** The cast: each behaviour as a simulated program, and as a real one. All but a few say `up` when they are. */

import * as does from '../../../src/os/sim/programs.ts';
import type { Actor } from './stage.ts';
import { endsWhenTold, python, SLEEPER, shell, up } from './twins.ts';

export const obeys = shell('obeys', up, 'echo up; exec sleep 1000');

export const silent = shell('silent', does.obeys, 'exec sleep 1000');

export const ignoresTerm = python(
  'ignores-term',
  does.both(does.ignoresTerm, (self) => self.on('SIGUSR1', () => self.write('still here\n')), up),
  `signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print('up', flush=True)
while True:
    signal.sigwait([signal.SIGUSR1])
    print('still here', flush=True)`,
);

export const slowToStop = python(
  'slow-to-stop',
  does.both(does.slowToStop(200), up),
  `signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('up', flush=True)
signal.sigwait([signal.SIGTERM])
time.sleep(0.2)
sys.exit(0)`,
);

/** Says `term` to each SIGTERM that it gets. */
export const countsTerms = python(
  'counts-terms',
  does.both((self) => self.on('SIGTERM', () => self.write('term\n')), up),
  `signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('up', flush=True)
while True:
    signal.sigwait([signal.SIGTERM])
    print('term', flush=True)`,
);

export const exits = (code: number): Actor =>
  shell(
    `exits-${code}`,
    does.both(up, (self) => self.exit(code)),
    `echo up; exit ${code}`,
  );

export const exitsAfter = (ms: number, code: number): Actor =>
  shell(
    `exits-after-${ms}-${code}`,
    does.both(up, does.exitsAfter(ms, code)),
    `echo up; sleep ${ms / 1_000}; exit ${code}`,
  );

export const hangs = shell('hangs', does.both(up, does.hangs), 'echo up; kill -STOP $$; exec sleep 1000');

export const forks = shell('forks', does.forks(up), `${SLEEPER} & wait`);

/** Ends when it is told to, and its child, which holds its streams, does not. */
export const leavesItsGroup = shell(
  'leaves-its-group',
  does.both(does.forks(does.both(does.ignoresTerm, up)), endsWhenTold),
  `sh -c 'trap "" TERM; echo up; exec sleep 1000' & read word`,
);

export const doubleForks = shell(
  'double-forks',
  does.doubleForks(up),
  `(setsid ${SLEEPER} &); exec sleep 1000`,
);

export const leavesADaemon = shell(
  'leaves-a-daemon',
  does.both(does.doubleForks(up), endsWhenTold),
  `(setsid ${SLEEPER} &); read word`,
);

/** Its daemon ends when it is told to, or nobody is left to tell it. */
export const doubleForksScrubbed = shell(
  'double-forks-scrubbed',
  does.doubleForks(
    does.both(up, (self) => {
      const end = (): void => {
        self.write('left alone\n');
        self.exit(0);
      };
      self.onInput(end, end);
    }),
    { scrubEnvironment: true },
  ),
  `exec 4<&0
(setsid env -i FIDELITY="$REEVE_RUN_ID" sh -c 'echo up; read word; echo left alone' <&4 &)
exec sleep 1000 4<&-`,
);

export const leavesAScrubbedChild = shell(
  'leaves-a-scrubbed-child',
  does.both(does.forks(up, { scrubEnvironment: true }), endsWhenTold),
  `env -i FIDELITY="$REEVE_RUN_ID" ${SLEEPER} & read word`,
);

export const forksASession = shell(
  'forks-a-session',
  does.forks(up, { newSession: true }),
  `setsid ${SLEEPER} & wait`,
);

export const forksScrubbed = shell(
  'forks-scrubbed',
  does.forks(up, { scrubEnvironment: true }),
  `env -i FIDELITY="$REEVE_RUN_ID" ${SLEEPER} & wait`,
);

export const forksAScrubbedSession = shell(
  'forks-a-scrubbed-session',
  does.forks(up, { scrubEnvironment: true, newSession: true }),
  `setsid env -i FIDELITY="$REEVE_RUN_ID" ${SLEEPER} & wait`,
);

/** Its child inherits that it ignores SIGTERM; it tells what ended it. */
export const handsDownIgnoring = python(
  'hands-down-ignoring',
  (self) => {
    self.ignore('SIGTERM');
    self.on('SIGHUP', () => {});
    self.process.onChildren = ({ end }) => self.write(`its child died of ${end!.signal}\n`);
    self.fork(up);
  },
  `import subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, lambda *_: None)
status = subprocess.Popen(['sh', '-c', 'echo up; exec sleep 1000']).wait()
print('its child died of', signal.Signals(-status).name, flush=True)
while True: signal.pause()`,
);

/** Where /proc says that the kernel looks for a command line, or an environment: fields 48 to 51. */
const OVERWRITE = `import ctypes
fields = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
def overwrite(first, text):
    start, end = int(fields[first - 3]), int(fields[first - 2])
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, text, len(text))
`;

export const renamesItself = python(
  'renames-itself',
  does.both(does.renamesItself('postgres: idle'), up),
  `${OVERWRITE}overwrite(48, b'postgres: idle')
print('up', flush=True)
signal.pause()`,
);

export const wipesItsMarks = python(
  'wipes-its-marks',
  does.both(does.wipesItsMarks, up),
  `${OVERWRITE}overwrite(50, b'')
print('up', flush=True)
signal.pause()`,
);

export const disguisesItself = shell(
  'disguises-itself',
  does.both(does.disguisesItself, up),
  `exec env REEVE_RUN_ID=1767225600000000_nowhere00 REEVE_WORKER_ID=nobody:1 ${SLEEPER}`,
);

export const becomesNobody = python(
  'becomes-nobody',
  does.both((self) => self.becomeUser(65_534), up),
  `os.setuid(65534)
print('up', flush=True)
signal.pause()`,
);

export const getsReady = shell(
  'gets-ready',
  (self) => {
    self.write('ready\n');
    self.write('up\n');
    self.write('but\n', 'stderr');
    self.notify();
  },
  'echo ready; echo up; echo but >&2; echo >&3; exec sleep 1000',
);

export const closesItsStreams = shell(
  'closes-its-streams',
  does.both(up, does.closesItsStreams),
  'echo up; exec <&- >&- 2>&- 3>&-; exec sleep 1000',
);

/** Says back what it reads, and forks nobody for it: a shell that is stopped as it forks waits for its child, unstopped. */
export const echoes = shell(
  'echoes',
  does.both(up, (self) => {
    self.onInput(
      (text) => self.write(text),
      () => {
        self.write('over\n');
        self.exit(0);
      },
    );
  }),
  'echo up; while read -r line; do echo "$line"; done; echo over',
);

/** Reads from the start, and says only then that it is up. */
export const readsLate = shell(
  'reads-late',
  (self) => self.after(50, () => self.onInput((text) => self.write(`up\nread ${text}`))),
  'sleep 0.05; read word; echo up; echo "read $word"; exec sleep 1000',
);

/** Says something on standard error when it is told to. */
export const grumbles = shell(
  'grumbles',
  does.both(up, (self) => self.onInput(() => self.write('grumble\n', 'stderr'))),
  'echo up; read word; echo grumble >&2; exec sleep 1000',
);

/** Has a child that is dead, and looks away. */
export const neverReaps = python(
  'never-reaps',
  (self) => {
    self.process.onChildren = undefined;
    self.fork((child) => child.exit(0));
    self.write('up\n');
  },
  `if os.fork() == 0: os._exit(0)
print('up', flush=True)
signal.pause()`,
);
