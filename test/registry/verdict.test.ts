/** What may be said of hosts and of recorded processes, as tables. */
import { describe, expect, test } from 'vitest';
import type { ProcessFacts, Self, SocketAnswer } from '../../src/os/os.ts';
import type { ActiveRecord, HostRecord } from '../../src/registry/run-file.ts';
import { hostVerdict, orphanVerdict } from '../../src/registry/verdict.ts';

const BOOT = { bootId: 'boot', pidNamespace: 'pid:[1]' };
const self: Self = {
  identity: { ...BOOT, pid: 900, startTime: 90_000 },
  userId: 1_000,
  machine: 'here',
  cookies: [],
};
const seen: ProcessFacts = {
  ...BOOT,
  pid: 77,
  startTime: 5_000,
  parent: 1,
  group: 77,
  session: 77,
  zombie: false,
  dying: false,
  cookies: [],
  userId: 1_000,
  commandLine: 'sleep 1000',
};

describe('the host', () => {
  const host: HostRecord = { ...BOOT, pid: 77, startTime: 5_000, userId: 1_000, machine: 'here' };
  const sameProcess = seen;
  const later = { ...seen, startTime: 5_001 };
  const zombie = { ...seen, zombie: true };
  const rebooted = { ...host, bootId: 'before' };
  const elsewhere = { ...host, bootId: 'other', machine: 'there' };
  const contained = { ...host, pidNamespace: 'pid:[2]' };

  test.each<[string, HostRecord, ProcessFacts | undefined, SocketAnswer, string]>([
    ['answers', host, sameProcess, 'answered', 'alive'],
    ['answers though another has its pid', host, later, 'answered', 'alive'],
    ['answers from another pid namespace', contained, undefined, 'answered', 'alive'],
    ['answers from what looks like another boot', elsewhere, undefined, 'answered', 'alive'],
    ['is there and has no socket yet', host, sameProcess, 'absent', 'alive'],
    ['is there and its socket says nothing clear', host, sameProcess, 'unclear', 'alive'],
    ['is gone', host, undefined, 'absent', 'dead'],
    ['is gone, its socket refuses', host, undefined, 'refused', 'dead'],
    ['has a pid that another has now', host, later, 'absent', 'dead'],
    ['has a pid that another has now, the socket says nothing clear', host, later, 'unclear', 'dead'],
    ['has a pid that another got within the same tick', host, sameProcess, 'refused', 'dead'],
    ['is dead and not reaped', host, zombie, 'absent', 'dead'],
    ['lived before the machine was started anew', rebooted, sameProcess, 'absent', 'dead'],
    ['lived before the machine was started anew, and left a socket', rebooted, undefined, 'refused', 'dead'],
    ['is on another machine', elsewhere, undefined, 'absent', 'elsewhere'],
    ['is on another machine, where nobody here listens', elsewhere, undefined, 'refused', 'elsewhere'],
    ['is in another pid namespace', contained, sameProcess, 'absent', 'elsewhere'],
    ['is in another pid namespace, its socket refuses', contained, undefined, 'refused', 'elsewhere'],
  ])('%s', (_, record, facts, socket, verdict) => {
    expect(hostVerdict(record, self, facts, socket, true)).toBe(verdict);
  });

  test.each<[string, HostRecord, ProcessFacts | undefined, SocketAnswer, string]>([
    ['is there, and refuses', host, sameProcess, 'refused', 'alive'],
    ['is gone, its socket refuses', host, undefined, 'refused', 'dead'],
    ['has a pid that another has now, its socket refuses', host, later, 'refused', 'dead'],
    ['is dead and not reaped, its socket refuses', host, zombie, 'refused', 'dead'],
    ['is in another pid namespace, its socket refuses', contained, undefined, 'refused', 'elsewhere'],
    ['answers though another has its pid', host, later, 'answered', 'alive'],
  ])('%s, where a busy socket refuses too', (_, record, facts, socket, verdict) => {
    expect(hostVerdict(record, self, facts, socket, false)).toBe(verdict);
  });
});

describe('a recorded process', () => {
  const RUN = '1_run';
  const record: ActiveRecord = {
    state: 'active',
    workerId: 'w:1',
    id: 'w',
    path: 's/w',
    command: 'sleep 1000',
    process: { ...BOOT, pid: 77, startTime: 5_000 },
    session: 77,
    group: 77,
    lifecycle: 'running',
    settled: true,
  };
  const young = { ...record, settled: false };
  const mark = { runId: RUN, workerId: 'w:1' };
  const marked = { ...seen, cookies: [mark] };
  const markedByAnother = { ...seen, cookies: [{ runId: '2_other', workerId: 'w:1' }] };
  const markedAsAnother = { ...seen, cookies: [{ runId: RUN, workerId: 'w:2' }] };
  const rebooted = { ...record, process: { ...record.process, bootId: 'before' } };
  const contained = { ...record, process: { ...record.process, pidNamespace: 'pid:[2]' } };

  test.each<[string, ActiveRecord, ProcessFacts | undefined, string]>([
    ['with its mark', record, marked, 'orphan'],
    ['with its mark, though just born', young, marked, 'orphan'],
    [
      'with its mark as an outer one',
      record,
      { ...seen, cookies: [{ runId: '2_in', workerId: 'x' }, mark] },
      'orphan',
    ],
    ['with its mark, though it changed its user', record, { ...marked, userId: 0 }, 'orphan'],
    ['with its mark, though in another session', record, { ...marked, session: 5 }, 'orphan'],
    ['without a mark, settled, in its session', record, seen, 'orphan'],
    ['with a mark that may not be read, settled', record, { ...seen, cookies: undefined }, 'orphan'],
    ['without a mark, just born', young, seen, 'unverified'],
    ['without a mark, in another session', record, { ...seen, session: 5 }, 'unverified'],
    ['without a mark, of another user', record, { ...seen, userId: 0 }, 'foreign'],
    ['marked by another run, just born', young, markedByAnother, 'reused'],
    ['marked as another worker, just born', young, markedAsAnother, 'reused'],
    ['marked by another run, settled: it has put on that mark itself', record, markedByAnother, 'orphan'],
    ['marked as another worker, settled', record, markedAsAnother, 'orphan'],
    ['marked by another run, settled, of another user', record, { ...markedByAnother, userId: 0 }, 'foreign'],
    [
      'marked by another run, settled, in another session',
      record,
      { ...markedByAnother, session: 5 },
      'unverified',
    ],
    ['that is gone', record, undefined, 'gone'],
    ['that is dead and not reaped', record, { ...marked, zombie: true }, 'gone'],
    ['that started later', record, { ...marked, startTime: 5_001 }, 'reused'],
    ['that started earlier', record, { ...marked, startTime: 4_999 }, 'reused'],
    ['that started later, with the same command line', record, { ...seen, startTime: 6_000 }, 'reused'],
    ['of before a reboot', rebooted, marked, 'gone'],
    ['of another pid namespace', contained, marked, 'foreign'],
  ])('%s', (_, written, facts, verdict) => {
    expect(orphanVerdict(RUN, written, 1_000, self, facts).verdict).toBe(verdict);
  });

  test('comes with the evidence', () => {
    expect(orphanVerdict(RUN, record, 1_000, self, marked).evidence).toContain('mark');
    expect(orphanVerdict(RUN, record, 1_000, self, { ...seen, startTime: 6_000 }).evidence).toBe(
      'process 77 started at 6000, the worker at 5000',
    );
    expect(orphanVerdict(RUN, record, 1_000, self, { ...seen, userId: 0 }).evidence).toContain('user 0');
  });
});
