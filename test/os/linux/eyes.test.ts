/** What is said of a process that has no environment at the moment: it is amid an exec, or amid its end. */
import { beforeEach, expect, test, vi } from 'vitest';
import { eyes } from '../../../src/os/linux/eyes.ts';
import * as proc from '../../../src/os/linux/proc.ts';
import { mark } from '../../support/sightings.ts';

vi.mock('../../../src/os/linux/proc.ts', { spy: true });

const stat = (rest: Partial<proc.Stat>): proc.Stat => ({
  ...{ zombie: false, dying: false, exiting: false, kernelThread: false },
  ...{ parent: 1, group: 7, session: 7, startTime: 4242 },
  ...rest,
});

beforeEach(() => {
  vi.clearAllMocks();
  vi.mocked(proc.readProcessCookies).mockReturnValue(proc.NO_ENVIRONMENT);
  vi.mocked(proc.readDyingCookies).mockReturnValue(undefined);
  vi.mocked(proc.hasCommandLine).mockReturnValue(false);
});

const { sight } = eyes('boot', 'pid:[1]');

test('amid an exec it is looked at 25 times, and then not known to have none', async () => {
  vi.mocked(proc.readStat).mockReturnValue(stat({}));
  expect(await sight(7)).toMatchObject({ pid: 7, cookies: undefined });
  expect(proc.readStat).toHaveBeenCalledTimes(25);
});

test('amid its end it is looked at once: what it had cannot be told any more', async () => {
  vi.mocked(proc.readStat).mockReturnValue(stat({ exiting: true }));
  const seen = await sight(7);
  expect(seen).toMatchObject({ pid: 7, zombie: false, dying: true, cookies: undefined });
  expect(seen).not.toHaveProperty('exiting');
  expect(proc.readStat).toHaveBeenCalledTimes(1);
});

test('while another thread of it lives, that has its marks', async () => {
  vi.mocked(proc.readStat).mockReturnValue(stat({ exiting: true }));
  vi.mocked(proc.readDyingCookies).mockReturnValue([mark('run', 'w')]);
  expect(await sight(7)).toMatchObject({ cookies: [mark('run', 'w')] });
});

test('before its memory is given back, it has its own', async () => {
  vi.mocked(proc.readStat).mockReturnValue(stat({ exiting: true }));
  vi.mocked(proc.readProcessCookies).mockReturnValue([mark('run', 'w')]);
  expect(await sight(7)).toMatchObject({ dying: true, cookies: [mark('run', 'w')] }); // its sockets may answer
  expect(proc.readDyingCookies).not.toHaveBeenCalled();
});
