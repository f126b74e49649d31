/** What is seen of a pool's worker, as it is spoken to in JSON lines. */
import * as actors from '../../support/fidelity/actors-serving.ts';
import type { Scene, Worker } from '../../support/fidelity/scene.ts';
import { type Case, worker } from './case.ts';

const line = (message: object): string => JSON.stringify({ jsonrpc: '2.0', ...message });
const result = (id: number, value: unknown): string => line({ id, result: value });
const failure = (id: number, code: number, message: string): string => line({ id, error: { code, message } });
const lines = (...all: readonly string[]): string => all.map((one) => `${one}\n`).join('');

const tell = (to: Worker, message: object): Promise<void> => to.stdin.write(lines(line(message)));

const SAVE = { id: 2, method: '$/session.save', params: { session: 's' } };

async function endInput(serving: Worker): Promise<void> {
  serving.stdin.end();
  await serving.exited();
}
const ENDS_WITH_ITS_INPUT = 'exited with 0, tree empty';

type Exchange = readonly [call: object, ...answers: readonly string[]];

/** Each call waits for what comes of the one before it: calls at once may be answered in any order. */
const talk = (name: string, exchanges: readonly Exchange[], actor = actors.serves): Case => ({
  name,
  async scenario({ spawn }) {
    const serving = await spawn(actor, { stdin: 'pipe' });
    for (const [call, ...answers] of exchanges) {
      await tell(serving, call);
      if (answers.length > 0) await serving.says(answers.join('\n'));
    }
    await endInput(serving);
  },
  seen: {
    workers: [worker([ENDS_WITH_ITS_INPUT], lines(...exchanges.flatMap(([, ...answers]) => answers)))],
  },
});

const startServing = ({ spawn }: Scene): Promise<Worker> => spawn(actors.serves, { stdin: 'pipe' });

export const SERVING: readonly Case[] = [
  talk('a worker answers whether it is there, then calls, and exits when its input ends', [
    [{ id: 1, method: '$/ping' }, result(1, null)],
    [{ id: 2, method: 'answers', params: { ä: ['ö', 1] } }, result(2, { ä: ['ö', 1] })],
    [{ id: 3, method: 'answers' }, result(3, null)],
    [{ id: 4, method: 'fails' }, failure(4, -32_000, 'it failed')],
  ]),
  talk('items come before the answer, in their order', [
    [
      { id: 1, method: 'counts', params: 'all', stream: true },
      ...[0, 1, 2].map((item) => line({ method: '$/stream', params: { id: 1, item } })),
      result(1, 'all'),
    ],
  ]),
  talk('a call that is under way is given up when that is asked, and another is not', [
    [{ id: 1, method: 'forgets' }],
    [{ method: '$/cancelRequest', params: { id: 7 } }],
    [{ id: 2, method: 'answers' }, result(2, null)],
    [{ method: '$/cancelRequest', params: { id: 1 } }, failure(1, -32_800, 'it was cancelled')],
    [{ id: 3, method: 'answers' }, result(3, null)],
  ]),
  talk('one that says what it should not goes on serving', [
    [{ id: 1, method: 'garbles' }, 'Segmentation fault'],
    [{ id: 2, method: 'misaddresses', params: 'x' }, result(1_000_002, 'x')],
    [{ id: 3, method: 'answers-twice', params: 'y' }, result(3, 'y'), result(3, 'y')],
    [{ id: 4, method: 'answers' }, result(4, null)],
  ]),
  talk('a session is of no interest to one that does not hand it on', [
    [{ id: 1, method: 'answers', params: 'x', session: 's' }, result(1, 'x')],
    [SAVE, failure(2, -32_601, "there is no '$/session.save'")],
  ]),
  talk(
    'one that hands its sessions on says so, and gives and takes them',
    [
      [{ id: 1, method: '$/ping' }, result(1, { sessions: true })],
      [SAVE, result(2, null)],
      [{ id: 3, method: 'answers', params: 'x', session: 's' }, result(3, 'x')],
      [SAVE, result(2, 'x')],
      [{ id: 4, method: '$/session.load', params: { session: 's', saved: ['y'] } }, result(4, null)],
      [SAVE, result(2, ['y'])],
    ],
    actors.handsOnSessions,
  ),
  {
    name: 'a request that comes in two parts is one, and a line that asks for nothing is passed over',
    async scenario(scene) {
      const serving = await startServing(scene);
      await tell(serving, { method: 'nothing/asked' });
      const [first, ...second] = line({ id: 1, method: 'answers', params: 'whole' }).split(',');
      await serving.stdin.write(first!);
      await serving.stdin.write(`,${second.join(',')}\n`);
      await serving.says(result(1, 'whole'));
      await endInput(serving);
    },
    seen: { workers: [worker([ENDS_WITH_ITS_INPUT], lines(result(1, 'whole')))] },
  },
  {
    name: 'one that dies amid a call',
    async scenario(scene) {
      const serving = await startServing(scene);
      await tell(serving, { id: 1, method: 'dies' });
      await serving.exited();
    },
    seen: { workers: [worker(['exited with 1, tree empty'], '')] },
  },
  {
    name: 'one that hangs amid a call answers to nothing more, and ends by SIGKILL',
    async scenario(scene) {
      const serving = await startServing(scene);
      const other = await startServing(scene);
      await tell(serving, { id: 1, method: 'hangs' });
      await scene.until('it is stopped', () => scene.stage.isStopped(serving.pid));
      for (const one of [serving, other]) await tell(one, { id: 2, method: '$/ping' });
      await other.says(result(2, null));
      serving.signal('SIGKILL');
      await serving.treeEmpty();
      await endInput(other);
    },
    seen: {
      workers: [
        worker(['exited by SIGKILL', 'tree empty'], ''),
        worker([ENDS_WITH_ITS_INPUT], lines(result(2, null))),
      ],
    },
  },
  {
    name: 'one that closes its streams amid a call lives on',
    async scenario(scene) {
      const serving = await startServing(scene);
      await tell(serving, { id: 1, method: 'closes' });
      await scene.until('its output has ended', () => serving.ended());
      scene.note('alive', await scene.isAlive(serving.pid));
      serving.signal('SIGTERM');
      await serving.treeEmpty();
    },
    seen: { notes: ['alive: true'], workers: [worker(['exited by SIGTERM', 'tree empty'], '')] },
  },
  {
    name: 'one that ends before it serves has answered nothing',
    async scenario({ spawn }) {
      const brief = await spawn(actors.exitsBeforeItServes, { stdin: 'pipe' });
      await tell(brief, { id: 1, method: '$/ping' }).catch(() => {}); // it may be gone by now
      await brief.exited();
    },
    seen: { workers: [worker(['exited with 3, tree empty'], '')] },
  },
  {
    name: 'one that ends as soon as it serves has answered once',
    async scenario({ spawn }) {
      const brief = await spawn(actors.exitsOnceItServes, { stdin: 'pipe' });
      await tell(brief, { id: 1, method: '$/ping' });
      await brief.exited();
    },
    seen: { workers: [worker(['exited with 3, tree empty'], lines(result(1, null)))] },
  },
];
