/** A few seconds of `npm run soak`: under load and faults each call has its outcome, and nothing is left. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openShell } from '../support/cli.ts';

const SOAK = fileURLToPath(new URL('../../bench/soak.mjs', import.meta.url));

interface Report {
  readonly calls: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly forkerKills: number;
  readonly pools: readonly {
    readonly calls: Readonly<Record<string, number>>;
    readonly workers: Readonly<Record<string, number>>;
  }[];
  readonly left: number;
  readonly complaints: readonly string[];
}

test('while workers and forkers are killed each call gets one outcome, and in the end nothing is left', async () => {
  const soak = openShell().exec(process.execPath, ['--expose-gc', SOAK, '--minutes', '0.05', '--json']);
  const { code, signal } = await soak.ended;
  expect(soak.stderr()).toBe('');
  const { calls, kills, forkerKills, pools, left, complaints } = JSON.parse(
    soak.stdout().trimEnd().split('\n').at(-1)!,
  ) as Report;
  expect(complaints, soak.stdout()).toEqual([]);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  const { made, unsettled, ...outcomes } = calls;
  expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(made);
  expect(unsettled).toBe(0);
  expect(outcomes['ok']).toBeGreaterThan(50);
  expect(kills).toBeGreaterThan(0);
  expect(forkerKills).toBeGreaterThan(0);
  for (const pool of pools) {
    expect(pool.calls['made']).toBe(pool.calls['ok']! + pool.calls['failed']!);
    expect(pool.workers['lost']).toBeGreaterThan(0);
  }
  expect(left).toBe(0);
}, 60_000);
