/** The real kernel as a stage. At the end of the test everything that was started there must be gone. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { nodeOs } from '../../../src/os/node-os.ts';
import { AS_NOBODY, canBeUnprivileged } from '../limited-host.ts';
import { proc, processesWith } from '../processes.ts';
import { temporaryDirectory } from '../temporary.ts';
import type { Stage, StrangersView } from './stage.ts';

const LOOKER = fileURLToPath(new URL('../../fixtures/looks-as-a-stranger.mjs', import.meta.url));
/** Stays in an environment that was emptied of all else, so that a test finds what Reeve may not. */
const KEPT_VARIABLE = 'FIDELITY';

let stages = 0;

/** True where another user's process can be started, and everybody's ended. */
export const canBeSomebodyElse = (): boolean => process.getuid!() === 0 && canBeUnprivileged();

/** Call it inside a test. */
export function realStage(): Stage {
  const directory = temporaryDirectory();
  stages += 1;
  const runId = `${Date.now()}${stages}_${process.pid.toString(36)}`;
  onTestFinished(() => {
    const left = [`REEVE_RUN_ID=${runId}`, `${KEPT_VARIABLE}=${runId}`].flatMap(processesWith);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    expect(left, 'real processes that are left').toEqual([]);
  });
  return {
    os: nodeOs(),
    runId,
    places: {
      socketPath: join(directory, 'run.sock'),
      fifoDirectory: join(directory, 'run.fifos'),
      runFile: join(directory, 'run.json'),
    },
    forkerEvents: [],
    cast: ({ real }) => real,
    isStopped: (pid) => /^\d+ \(.*\) T /s.test(proc(pid, 'stat') ?? ''),
    async asStranger(pid, signal) {
      const [command, ...args] = [...AS_NOBODY, process.execPath, LOOKER, String(pid), signal];
      const { stdout } = await promisify(execFile)(command!, args, { cwd: '/' });
      return JSON.parse(stdout) as StrangersView;
    },
    run: (play) => play(),
  };
}
