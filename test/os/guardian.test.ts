/** The forker's own logic, without a process: what it reports of a birth, and with what code it ends. */
import { expect, test } from 'vitest';
import type { ForkedChild } from '../../src/os/forker/children.ts';
import { Guardian } from '../../src/os/forker/guardian.ts';
import type { Begin, ForkerReport, ForkOrder } from '../../src/os/forker/messages.ts';
import { failure } from '../../src/os/forker/spawn-failure.ts';
import { FakeKernel } from '../support/fake-kernel.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { BOOT, SELF, sighting } from '../support/sightings.ts';

const DEAD_HOST = { ...BOOT, pid: 600, startTime: 60 };

const BEGIN: Begin = {
  do: 'begin',
  host: DEAD_HOST,
  runId: 'run',
  outer: [],
  env: {},
  socketPath: '/no/such/socket',
  secret: '',
  firstStream: 0,
  fifoDirectory: undefined,
  firstFifos: undefined,
  leftovers: ['file', 'socket'],
  orphanGrace: 300,
};

const ORDER: ForkOrder = {
  id: 1,
  workerId: 'w',
  command: 'c',
  args: [],
  cwd: undefined,
  env: {},
  streams: ['ignore', 'ignore', 'ignore', 'ignore'],
};

const never = () => new Promise<never>(() => {});

function setUp({ fork, remove }: { fork?: () => ForkedChild; remove?: (path: string) => boolean } = {}) {
  const clock = new ManualClock();
  const kernel = new FakeKernel();
  const reports: ForkerReport[] = [];
  const exits: number[] = [];
  const removed: string[] = [];
  const guardian = new Guardian({
    kernel,
    clock,
    report: (report) => reports.push(report),
    openStreams: () => ({
      connect: () => {},
      makeFifos: async () => false,
      fork: fork ?? (() => expect.unreachable()),
    }),
    remove(path) {
      removed.push(path);
      return remove?.(path) ?? true;
    },
    exit: (code) => exits.push(code),
  });
  return { guardian, clock, kernel, reports, exits, removed };
}

test('its host has said a first word, and it is ready', () => {
  const { guardian, reports } = setUp();
  guardian.obey(BEGIN);
  expect(reports).toEqual([{ is: 'ready', identity: SELF.identity }]);
});

test('FIFOs that were to be made first are answered for before it is ready', async () => {
  const { guardian, clock, reports } = setUp();
  guardian.obey({ ...BEGIN, firstFifos: { first: 1, count: 64 } });
  await clock.advance(0);
  expect(reports.map(({ is }) => is)).toEqual(['fifos-refused', 'ready']);
});

test('a stream that cannot be opened fails the birth in phase `streams`', () => {
  const error = Object.assign(new Error('no reader'), { code: 'ENXIO', errno: -6 });
  const { guardian, reports } = setUp({
    fork: () => {
      throw error;
    },
  });
  guardian.obey(BEGIN);
  guardian.obey({ do: 'fork', order: ORDER });
  expect(reports.at(-1)).toEqual({ is: 'fork-failed', id: 1, failure: failure('streams', error) });
});

test('a fork that fails does so in its own phase', async () => {
  const reason = failure('exec', new Error('no such program'));
  const unborn = { pid: undefined, failed: Promise.resolve(reason), exited: never() };
  const { guardian, clock, reports } = setUp({ fork: () => unborn });
  guardian.obey(BEGIN);
  guardian.obey({ do: 'fork', order: ORDER });
  await clock.advance(0);
  expect(reports.at(-1)).toEqual({ is: 'fork-failed', id: 1, failure: reason });
});

test('an exit in the very turn of the fork is told, after the birth', async () => {
  const dead = { pid: 700, failed: never(), exited: Promise.resolve({ code: 3, signal: null }) };
  const { guardian, clock, reports, kernel } = setUp({ fork: () => dead });
  guardian.obey(BEGIN);
  guardian.obey({ do: 'fork', order: ORDER });
  await clock.advance(0);
  const identity = { ...SELF.identity, pid: 700, startTime: kernel.startTimeNow() };
  expect(reports.slice(1)).toEqual([
    { is: 'forked', id: 1, identity },
    { is: 'exited', id: 1, code: 3, signal: null, treeEmpty: true, asked: false },
  ]);
});

test('without a first word there is nothing to guard when the host is gone', async () => {
  const { guardian, exits, removed } = setUp();
  await guardian.hostIsGone();
  expect([exits, removed]).toEqual([[0], []]);
});

test('when the host is gone it ends what is left, removes all traces, and ends', async () => {
  const { guardian, clock, kernel, exits, removed } = setUp();
  guardian.obey(BEGIN);
  kernel.put(sighting(700, { cookies: [{ runId: 'run', workerId: 'w' }] }));
  const gone = guardian.hostIsGone();
  await clock.advance(1_000);
  await gone;
  expect(kernel.signalsTo(700)).toEqual(['SIGTERM', 'SIGKILL']);
  expect([exits, removed]).toEqual([[0], ['file', 'socket']]);
});

test('what cannot be removed does not keep the rest, but shows in its exit code', async () => {
  const { guardian, clock, exits, removed } = setUp({ remove: (path) => path !== 'file' });
  guardian.obey(BEGIN);
  const gone = guardian.hostIsGone();
  await clock.advance(1_000);
  await gone;
  expect([exits, removed]).toEqual([[1], ['file', 'socket']]);
});

test('a host that lives has lost its line only: nothing of its run is removed before it is dead, or orders the end', async () => {
  const { guardian, clock, kernel, exits, removed } = setUp();
  kernel.put(sighting(600, { startTime: 60 }));
  guardian.obey(BEGIN);
  const gone = guardian.hostIsGone();
  await clock.advance(10_000);
  expect([exits, removed]).toEqual([[], []]);
  kernel.table.delete(600);
  await clock.advance(1_000);
  await gone;
  expect([exits, removed]).toEqual([[0], ['file', 'socket']]);
});
