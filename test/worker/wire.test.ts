/** The last words of a worker, on a stream of the test's own, by a clock that the test moves. */
import { describe, expect, test } from 'vitest';
import type { ExitReason } from '../../src/events.ts';
import { LAST_WORDS_MS } from '../../src/worker/silence.ts';
import { LiveWire, type Wire } from '../../src/worker/wire.ts';
import { WorkerOutput } from '../../src/worker/worker-output.ts';
import { FakeWire } from '../support/fake-wire.ts';
import { ManualClock } from '../support/manual-clock.ts';

const REASON: ExitReason = { kind: 'crashed', code: 3, signal: null };

/** A wire to a worker whose standard error has ended. */
function openWire() {
  const clock = new ManualClock();
  const far = new FakeWire();
  const { source, sink } = far.wire;
  const heard: string[] = [];
  let wire: Wire | undefined;
  const live = new LiveWire(
    {
      over: 'stdio',
      connect: (given) => {
        wire = given;
        given.source.listen(
          (bytes) => heard.push(Buffer.from(bytes).toString()),
          () => heard.push('(end)'),
        );
        return { whenReady: () => {}, ended: ({ kind }) => heard.push(`(${kind})`) };
      },
    },
    { path: 's/w', workerId: 's/w:1', pid: 4_711 },
    { stdin: sink, stdout: source, stderr: undefined, fd3: undefined },
    new WorkerOutput({ wanted: () => false, onLine: () => {} }),
    clock,
  );
  return { clock, far, heard, live, wire: wire! };
}

describe('when its worker has died', () => {
  test('a stream is read on, and whoever wants it to wait is not obeyed any more', () => {
    const { far, live, wire } = openWire();
    wire.source.pause();
    expect(far.paused).toBe(true);
    live.exited(REASON);
    expect(far.paused).toBe(false);
    wire.source.pause();
    expect(far.paused).toBe(false);
  });

  test('its death is told after its last words', () => {
    const { far, live, heard } = openWire();
    live.exited(REASON);
    far.say('answer');
    expect(heard).toEqual(['answer']);
    far.end();
    expect(heard).toEqual(['answer', '(end)', '(crashed)']);
  });

  test('it is waited for as long as more comes, and no longer', async () => {
    const { clock, far, live, heard } = openWire();
    live.exited(REASON);
    for (const words of ['a', 'b', 'c']) {
      await clock.advance(LAST_WORDS_MS * 0.8);
      far.say(words);
    }
    expect(heard).toEqual(['a', 'b', 'c']);
    await clock.advance(LAST_WORDS_MS * 2);
    expect(heard).toEqual(['a', 'b', 'c', '(crashed)']);
    expect(clock.pending).toBe(0);
  });

  test('what came while this process was busy is heard before it is told', async () => {
    const { clock, far, live, heard } = openWire();
    clock.turn = async () => {
      far.say('answer');
      far.end();
    };
    live.exited(REASON);
    await clock.advance(LAST_WORDS_MS);
    expect(heard).toEqual(['answer', '(end)', '(crashed)']);
  });

  test('nobody is waited for who never stops', async () => {
    const { clock, far, live, heard } = openWire();
    live.exited(REASON);
    for (let ms = 0; ms < LAST_WORDS_MS * 20; ms += LAST_WORDS_MS / 2) {
      far.say('.');
      await clock.advance(LAST_WORDS_MS / 2);
    }
    expect(heard).toContain('(crashed)');
    expect(clock.pending).toBe(0);
  });

  test('its streams are needed until its death is told', async () => {
    const { clock, live, heard } = openWire();
    live.exited(REASON);
    live.onceTold(() => heard.push('(over)'));
    expect(heard).toEqual([]);
    await clock.advance(LAST_WORDS_MS);
    expect(heard).toEqual(['(crashed)', '(over)']);
    live.onceTold(() => heard.push('(at once)'));
    expect(heard.at(-1)).toBe('(at once)');
  });
});
