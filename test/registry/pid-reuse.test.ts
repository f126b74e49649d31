/** Real pid reuse: a stranger on a recorded pid is not signalled, whatever it looks like. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SweepOutcome, SweptProcess } from '../../src/index.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/pid-reuse.mjs', import.meta.url));
const NAMESPACE = ['--pid', '--fork', '--mount-proc', '--kill-child'];

interface Scene {
  readonly tries: number;
  readonly samePid: boolean;
  readonly sameStart: boolean;
  readonly alive: boolean;
  readonly was: { readonly pid: number; readonly startTime: number };
  readonly other: number;
  readonly signals: readonly { readonly pid: number; readonly signal: string; readonly startTime: number }[];
  readonly outcome: SweepOutcome;
  readonly processes: readonly SweptProcess[];
  readonly host: { readonly pid: number; readonly alive: boolean };
  readonly orphaned: boolean;
  readonly left: readonly number[];
  readonly outcomes: readonly SweepOutcome[];
  readonly living: readonly boolean[];
  readonly stillLiving: readonly boolean[];
  readonly afterStop: readonly boolean[];
}

/** Plays a scene in a pid namespace of its own; a shell is its pid 1, because Node would not reap what it adopts. */
function play(scene: string): Promise<Scene> {
  return new Promise((resolve, reject) => {
    const script = '"$@"; exit $?';
    const args = [...NAMESPACE, 'sh', '-c', script, 'sh', process.execPath, FIXTURE, scene];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => {
      stdout += bytes;
    });
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout));
      else reject(new Error(`the scene '${scene}' failed with code ${code}: ${stderr}`));
    });
  });
}

const permitted = (() => {
  const script = 'echo 400 > /proc/sys/kernel/ns_last_pid && sh -c "echo \\$\\$; exit"';
  const { status, stdout, stderr } = spawnSync('unshare', [...NAMESPACE, 'sh', '-c', script], {
    encoding: 'utf8',
  });
  if (status === 0 && Number(stdout) === 401) return true;
  console.warn(`SKIPPED: pids cannot be chosen here, so real pid reuse is not tried: ${stderr ?? ''}`);
  return false;
})();

describe.skipIf(!permitted)('a stranger on the pid of a recorded worker, with its command line,', () => {
  test('is left alone', async () => {
    const scene = await play('laterTick');
    expect(scene).toMatchObject({
      samePid: true,
      sameStart: false,
      alive: true,
      signals: [],
      outcome: 'cleared',
    });
    expect(scene.processes).toMatchObject([{ verdict: 'reused', action: 'none' }]);
  });

  test('is left alone when another run has marked it', async () => {
    const scene = await play('laterTickWithAnotherMark');
    expect(scene).toMatchObject({ samePid: true, alive: true, signals: [], outcome: 'cleared' });
    expect(scene.processes).toMatchObject([{ verdict: 'reused', action: 'none' }]);
  });

  test('is left alone even with its start time, and the doubt is kept', async () => {
    const scene = await play('sameTick');
    expect(scene).toMatchObject({
      samePid: true,
      sameStart: true,
      alive: true,
      signals: [],
      outcome: 'kept',
    });
    expect(scene.processes).toMatchObject([{ verdict: 'unverified', action: 'none' }]);
  });

  test('is left alone even with its start time and the mark of another run', async () => {
    const scene = await play('sameTickWithAnotherMark');
    expect(scene).toMatchObject({
      samePid: true,
      sameStart: true,
      alive: true,
      signals: [],
      outcome: 'cleared',
    });
    expect(scene.processes).toMatchObject([{ verdict: 'reused', action: 'none' }]);
  });

  test.each(['betweenSignals', 'betweenSignalsInOneTick'])(
    'is left alone when it came between SIGTERM and SIGKILL (%s)',
    async (name) => {
      const scene = await play(name);
      expect(scene).toMatchObject({ samePid: true, alive: true });
      const { was, other, signals } = scene;
      expect(signals.filter(({ pid }) => pid === was.pid)).toEqual(
        [{ ...was, signal: 'SIGTERM' }].map(({ pid, signal, startTime }) => ({ pid, signal, startTime })),
      );
      // The sweep did go on to SIGKILL, for the sake of another.
      expect(signals.filter(({ pid }) => pid === other).map(({ signal }) => signal)).toContain('SIGKILL');
    },
  );
});

describe.skipIf(!permitted)('a dead host whose pid belongs to somebody else', () => {
  test('counts as dead', async () => {
    const scene = await play('deadHostsPid');
    expect(scene).toMatchObject({ samePid: true, alive: true, outcome: 'cleared', host: { alive: false } });
    expect(scene.processes).toMatchObject([{ verdict: 'orphan', action: 'ended' }]);
  });

  test('counts as dead even when the start time is the same: its socket refuses', async () => {
    const scene = await play('deadHostsPidInOneTick');
    expect(scene).toMatchObject({ sameStart: true, alive: true, outcome: 'cleared', host: { alive: false } });
    expect(scene.processes).toMatchObject([{ verdict: 'orphan', action: 'ended' }]);
  });

  test('is swept by the next start, workers and all', async () => {
    const scene = await play('realHostsPid');
    expect(scene).toMatchObject({
      orphaned: true,
      samePid: true,
      outcome: 'cleared',
      host: { alive: false },
    });
    expect(scene).toMatchObject({ left: [], alive: true });
  });
});

describe.skipIf(!permitted)('a living host', () => {
  test('keeps its workers when another run sweeps, and does not touch who has the pid of one that died', async () => {
    const scene = await play('livingHost');
    expect(scene.samePid).toBe(true);
    expect(new Set(scene.outcomes)).toEqual(new Set(['alive']));
    expect(scene.signals).toEqual([]);
    expect(scene.living).toEqual([true, true, true]);
    expect(scene.stillLiving).toEqual([true, true, true]);
    expect(scene.afterStop).toEqual([false, false, true]);
  });
});
