// A process of its own for each side of a comparison, so that neither lives in a heap that the other has filled.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { atEnd } from './measure.mjs';

/** Starts `subjects/<name>.mjs`; `ask(question)` has it measure, `end()` has it clean up and exit. */
export async function startSubject(name, ...args) {
  const path = fileURLToPath(new URL(`./subjects/${name}.mjs`, import.meta.url));
  const child = fork(path, args.map(String));
  const forget = atEnd(() => child.kill());
  const exited = once(child, 'exit');
  const lost = exited.then(([code, signal]) => {
    throw new Error(`the process that measures '${name}' ended early: ${signal ?? `code ${code}`}`);
  });
  lost.catch(() => {});
  const answer = async () => (await Promise.race([once(child, 'message'), lost]))[0];
  await answer(); // it is ready
  return {
    ask(question) {
      child.send(question);
      return answer();
    },
    async end() {
      child.disconnect();
      await exited;
      forget();
    },
  };
}

/** In a subject: answers each question with `measure(question)`, and cleans up with `end` when nobody asks any more. */
export function serve(measure, end = async () => {}) {
  process.on('message', async (question) => process.send(await measure(question)));
  process.once('disconnect', async () => {
    await end();
    process.exit(0);
  });
  process.send('ready');
}

/** A stream hands out its chunks in this size: what fills many a large host. */
const BUFFER_BYTES = 64 * 1024;

/** Buffers that are in memory, every page of them: keep what is returned. */
export function resident(megabytes) {
  const count = (megabytes * 1024 * 1024) / BUFFER_BYTES;
  return Array.from({ length: count }, () => Buffer.alloc(BUFFER_BYTES, 1));
}
