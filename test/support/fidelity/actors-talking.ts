/** The cast that says that it is ready, or says a lot. */
import * as does from '../../../src/os/sim/programs.ts';
import { python, says, shell, up } from './twins.ts';

export const getsReadyLate = shell(
  'gets-ready-late',
  does.both(up, does.readyAfter(50)),
  'echo up; sleep 0.05; echo ready; echo >&3; exec sleep 1000',
);

/** It ends before the time has come. */
export const neverGetsReady = python(
  'never-gets-ready',
  does.both(up, does.readyAfter(5_000), does.exitsAfter(50, 3)),
  `import threading
def ready():
    print('ready', flush=True)
    os.write(3, b'\\n')
threading.Timer(5, ready).start()
print('up', flush=True)
time.sleep(0.05)
os._exit(3)`,
);

export const getsReadyTwice = shell(
  'gets-ready-twice',
  does.both(up, does.readyTwice),
  'echo up; for time in 1 2; do echo ready; echo >&3; done; exec sleep 1000',
);

/** Each line is written at once, so that none is cut where it ends: print() may write its newline by itself. */
export const chatty = python(
  'chatty',
  does.both(up, does.chatty(1)),
  `print('up', flush=True)
while True:
    os.write(1, b'so I said to him, I said\\n')
    time.sleep(0.001)`,
);

/** Far more than a pipe holds. */
export const FLOOD = 200_000;

export const floods = python(
  'floods',
  does.both(up, does.floods(FLOOD), says('', 'over')),
  `print('up', flush=True)
print('x' * ${FLOOD}, flush=True)
print('over', flush=True)
signal.pause()`,
);
