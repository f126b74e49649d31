/** What a host keeps of supervisors that have ended: nothing; and what those keep who hold one: its last words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { expect, test } from 'vitest';
import { openHost, shell, sleeper, type TestHost } from '../support/host.ts';
import { collectGarbage } from '../support/memory.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Bytes outside the JavaScript heap, where output is kept. */
function bytesHeld(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const KIB = 1_024;
const talker = shell(
  'w',
  `head -c ${64 * KIB} /dev/zero; head -c ${64 * KIB} /dev/zero >&2; echo up >&2; exec sleep 1000`,
);

async function startAndStop({ host }: TestHost, id: string): Promise<void> {
  const supervisor = await host.supervise({ id, children: [{ ...talker, ready: { log: 'up' } }] });
  await supervisor.stop();
}

test('a host that has started and stopped many holds no output of theirs', async () => {
  const host = await openHost();
  await startAndStop(host, 'first');
  const before = bytesHeld();
  for (let index = 0; index < 16; index += 1) await startAndStop(host, `s${index}`);
  await until('what they wrote, 2 MiB, is let go', () => bytesHeld() - before < 512 * KIB);
  expect(host.host.supervisors).toEqual([]);
});

test('of dynamic children that have come and gone not even the names are kept, but for the last ones', async () => {
  const { host } = await openHost({ eventsKept: 0 });
  const supervisor = await host.supervise({
    id: 'here-and-gone',
    strategy: 'simple_one_for_one',
    children: [sleeper('child')],
  });
  for (let nth = 0; nth < 100; nth += 1) await supervisor.terminateChild((await supervisor.startChild()).id);
  const heap = readFileSync(writeHeapSnapshot(join(temporaryDirectory(), 'heap')), 'latin1');
  const names = new Set(heap.match(/here-and-gone\/child\.\d+/g));
  expect(names.size).toBeLessThan(40); // the last words of 32 may still be asked for
});

test('one that has ended is no longer among the living, and its name is free', async () => {
  const host = await openHost();
  const first = await host.supervise([shell('w', 'echo first; exec sleep 1000')]);
  await host.line('first');
  const other = await host.host.supervise({ id: 't', children: [] });
  expect(host.host.supervisors).toEqual([first, other]);
  await first.stop();
  expect(host.host.supervisors).toEqual([other]);
  const second = await host.supervise([shell('w', 'echo second; exec sleep 1000')]);
  await host.line('second');
  expect(host.host.supervisors).toEqual([other, second]);
  expect([first.tail('w'), second.tail('w')]).toEqual(['first\n', 'second\n']);
});

test('the last words of a child can be read when it is down, and when its supervisor has given up', async () => {
  const host = await openHost();
  const supervisor = await host.supervise(
    [
      { ...shell('quiet', 'echo done'), restart: 'temporary' },
      { ...shell('w', 'echo last words >&2; read line; exit 3'), stdin: 'pipe' },
    ],
    { intensity: 0 },
  );
  await host.exitOf('s/quiet');
  expect(supervisor.tail('quiet')).toBe('done\n');
  await supervisor.write('w', 'go\n');
  expect(await supervisor.stopped).toMatchObject({ kind: 'intensity-exceeded', path: 's/w' });
  expect(supervisor.tail('w', 'stderr')).toBe('last words\n');
  expect(supervisor.tail('quiet')).toBe('done\n');
  expect(supervisor.whichChildren()).toMatchObject([{ id: 'w', state: 'exited' }]);
});
