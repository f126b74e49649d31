/** Workers in Node, from `test/fixtures/node`: spoken to in JSON lines, or in frames, as if these were messages, too. */
import { fileURLToPath } from 'node:url';
import { FrameReader } from '../../src/channel/frame-reader.ts';
import { FrameWriter } from '../../src/channel/frame-writer.ts';
import { LONGEST_MESSAGE, type Words } from '../../src/channel/words.ts';
import { type Channel, type Form, JsonWorker, type Message } from './json-worker.ts';

export const CHANNELS: readonly Channel[] = ['stdio', 'fd3', 'frames'];

export const nodeFixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/node/${name}`, import.meta.url));

/** The program that a pool runs modules with. */
export const MODULE_MAIN = fileURLToPath(new URL('../../dist/serve/module-main.js', import.meta.url));

interface Said {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
  readonly session?: string;
  readonly stream?: boolean;
}

function frames(): Form {
  const heard: Message[] = [];
  const writer = new FrameWriter(LONGEST_MESSAGE);
  const told = (method: string, params: unknown) => void heard.push({ jsonrpc: '2.0', method, params });
  const words = {
    result: (id, result) => void heard.push({ jsonrpc: '2.0', id: id as number, result }),
    failure: (id, error) => void heard.push({ jsonrpc: '2.0', id: id as number, error: error as never }),
    progress: (id, value) => told('$/progress', { id, value }),
    item: (id, item) => told('$/stream', { id, item }),
    notification: told,
    cancel: (id) => told('$/cancelRequest', { id }),
    request: (id, method) => told(method, { id }),
  } satisfies Words;
  const reader = new FrameReader(words, LONGEST_MESSAGE);
  return {
    write: (message) => {
      const { id, method, params, session, stream } = message as Said;
      const extra = { ...(session === undefined ? {} : { session }), ...(stream === true ? { stream } : {}) };
      if (method === '$/cancelRequest') writer.cancel((params as { id: number }).id);
      else if (id === undefined) writer.notification(method, params);
      else writer.request(id, method, params, Object.keys(extra).length === 0 ? undefined : extra);
      return Buffer.concat(writer.take());
    },
    read: (bytes) => {
      reader.add(bytes);
      return heard.splice(0);
    },
  };
}

/** A program that calls `serve`. */
export function nodeWorker(
  name: string,
  channel: Channel = 'stdio',
  env: NodeJS.ProcessEnv = {},
): JsonWorker {
  return start([nodeFixture(name)], channel, env);
}

/** A module that a pool would run. */
export function moduleWorker(name: string, ...execArgv: string[]): JsonWorker {
  const url = new URL(`../fixtures/node/modules/${name}`, import.meta.url);
  return start([...execArgv, MODULE_MAIN, url.href], 'frames', {});
}

function start(args: readonly string[], channel: Channel, env: NodeJS.ProcessEnv): JsonWorker {
  return new JsonWorker(process.execPath, args, {
    channel,
    env,
    ...(channel === 'frames' ? { form: frames() } : {}),
  });
}
