/** What a worker has said before it died counts, however slowly it is taken. */
import { expect, test } from 'vitest';
import { openPool, rejection } from '../support/pool.ts';

/** Of 110 bytes: more than is read of who is not listened to, and not more than fits into the buffers between. */
const ITEMS = 740;

/** Says so many items in few pieces, does what is asked, and is gone. */
const saying = (atLast: string, channel: 'stdio' | 'fd3' = 'stdio') => ({
  command: 'sh',
  channel,
  args: [
    '-c',
    `${channel === 'fd3' ? 'exec <&3 >&3' : ':'}
    while read -r line; do id=\${line#*'"id":'}; id=\${id%%,*}; case $line in
      *ping*) echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":$id,\\"result\\":1}" ;;
      *) seq -f "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"$/stream\\",\\"params\\":{\\"id\\":$id,\\"item\\":[%.0f,\\"${'x'.repeat(40)}\\"]}}" 0 ${ITEMS - 1}
         ${atLast} ;; esac; done`,
  ],
});
const ANSWER = 'echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":$id,\\"result\\":1}"; exit 0';
const numbers = Array.from({ length: ITEMS }, (_, index) => index);

test.each(['stdio', 'fd3'] as const)(
  'a stream whose worker ends after its answer is whole; on %s',
  async (channel) => {
    const { pool, event } = await openPool({ worker: saying(ANSWER, channel), min: 1, max: 1 });
    const seen: number[] = [];
    for await (const [number] of pool.stream('say') as AsyncIterable<[number]>) {
      if (seen.length === 0) await event('worker.exited'); // none is taken before
      seen.push(number);
    }
    expect(seen).toEqual(numbers);
    expect(pool.stats().calls).toMatchObject({ made: 1, ok: 1, failed: 0 });
  },
);

test('a stream whose worker ends without an answer has all of its items, and then why', async () => {
  const { pool, event } = await openPool({ worker: saying('exit 5'), min: 1, max: 1 });
  const seen: number[] = [];
  const taking = (async () => {
    for await (const [number] of pool.stream('say') as AsyncIterable<[number]>) {
      if (seen.length === 0) await event('worker.exited');
      seen.push(number);
    }
  })();
  expect(await rejection(taking)).toMatchObject({
    code: 'ERR_REEVE_WORKER_CRASHED',
    reason: { kind: 'crashed', code: 5 },
  });
  expect(seen).toEqual(numbers);
});
