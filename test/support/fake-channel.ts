/** A channel on a wire without a worker: the test speaks for it. */
import { type Asker, Channel, type Lost } from '../../src/channel/channel.ts';
import type { FaultKind } from '../../src/channel/words.ts';
import type { ExitReason } from '../../src/events.ts';
import { FakeWire } from './fake-wire.ts';
import { ManualClock } from './manual-clock.ts';

/** Milliseconds. */
export const UNFINISHED_AFTER = 10_000;
const MIB = 1_024 * 1_024;
export const KILLED: ExitReason = { kind: 'killed' };

/** What was told, to whom, in order. */
export type Told = readonly [what: string, ...more: unknown[]];

/** A channel whose worker is the test. */
export function openChannel({
  form = 'json-lines',
  longestMessage = MIB,
}: {
  form?: 'json-lines' | 'frames';
  longestMessage?: number;
} = {}) {
  const clock = new ManualClock();
  const fake = new FakeWire();
  const told: Told[] = [];
  const channel = new Channel(
    fake.wire,
    { form, longestMessage, unfinishedAfter: UNFINISHED_AFTER, clock },
    {
      onNotification: (method, params) => void told.push(['notification', method, params]),
      onDrain: () => void told.push(['drain']),
      onEndOfInput: () => void told.push(['end']),
      onLost: (lost) => void told.push(['lost', lost, [...channel.waiting.keys()]]),
    },
  );
  const asker = (name: string): Asker => ({
    answered: (value) => void told.push([name, 'answered', value]),
    failed: (failure) => void told.push([name, 'failed', failure]),
    progressed: (value) => void told.push([name, 'progressed', value]),
    received: (item) => void told.push([name, 'received', item]),
    abandoned: () => void told.push([name, 'abandoned']),
  });
  const ask = (name: string, params?: unknown): number => channel.ask('do', params, undefined, asker(name));
  const lost = (): Lost | undefined => told.find(([what]) => what === 'lost')?.[1] as Lost | undefined;
  const fault = (): FaultKind | undefined => {
    const found = lost();
    return found?.by === 'fault' ? found.fault.kind : undefined;
  };
  /** Lets what was said in this turn go out. */
  const flush = () => clock.advance(0);
  return { clock, fake, channel, told, asker, ask, lost, fault, flush };
}
