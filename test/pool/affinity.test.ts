/** Calls that would best go where others with their key have gone; what must go there is a session's (recycling.test.ts). */
import { expect, test } from 'vitest';
import { openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';

test('a call goes to the worker that it prefers, as long as that has room', async () => {
  const { pool } = await openPool({ min: 3, max: 3 });
  const homes = await Promise.all(['a', 'b', 'c'].map((prefer) => pool.call('pid', undefined, { prefer })));
  expect(new Set(homes).size).toBe(3);
  for (let round = 0; round < 10; round += 1)
    for (const [index, prefer] of ['c', 'a', 'b'].entries())
      expect(await pool.call('pid', undefined, { prefer })).toBe(homes[(index + 2) % 3]);
});

test('to any other when that is busy, and back to it afterwards', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const home = await pool.call('pid', undefined, { prefer: 'a' });
  const busy = pool.call('wait', 100, { prefer: 'a' });
  const other = await pool.call('pid', undefined, { prefer: 'a' });
  expect(other).not.toBe(home);
  await busy;
  expect(await pool.call('pid', undefined, { prefer: 'a' })).toBe(home);
});

test('to another for good when that is gone: nothing was promised', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const home = (await pool.call('pid', undefined, { prefer: 'a' })) as number;
  process.kill(home, 'SIGKILL');
  await until('its loss is known', () => pool.stats().ready < 2);
  const next = await pool.call('pid', undefined, { prefer: 'a' });
  expect(next).not.toBe(home);
  await until('there are two again', () => pool.stats().ready === 2);
  expect(await pool.call('pid', undefined, { prefer: 'a' })).toBe(next);
});

test('a session knows where it goes, and prefers nobody', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  expect(await rejection(pool.call('pid', undefined, { prefer: 'a', session: 'a' }))).toMatchObject({
    code: 'ERR_REEVE_OPTIONS',
    path: 'prefer',
  });
});
