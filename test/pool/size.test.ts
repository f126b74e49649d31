/** How many workers there are, when that is changed. */
import { expect, test } from 'vitest';
import { openPool } from '../support/pool.ts';
import { until } from '../support/processes.ts';

test('those that are idle and not needed any more go, also when nobody calls', async () => {
  const { pool } = await openPool({ min: 2, max: 2, idleTimeout: 50 });
  pool.resize({ min: 1 });
  await until('there is one', () => pool.workers().length === 1);
});

test('what is not given stays as it is, and what cannot be meant is refused', async () => {
  const { pool } = await openPool({ min: 1, max: 3 });
  pool.resize({ min: 2 });
  pool.resize({});
  await until('there are two', () => pool.stats().ready === 2);
  expect(() => pool.resize({ maximum: 3 } as object)).toThrow(/maximum: unknown option/);
  expect(() => pool.resize({ min: 4 })).toThrow('min: 4 is more than max, which is 3');
});
