/** The program of a `{ module }` worker: imports the module, and serves what it exports unless it has done so itself. */
import type { Handler } from './desk.ts';
import { isServing, serve } from './serve.ts';

const [, , url = ''] = process.argv;
const exported: Record<string, unknown> = await import(url);

if (!isServing()) {
  const { default: main, ...named } = exported;
  const inMain = typeof main === 'function' ? { run: main } : typeof main === 'object' ? main : {};
  const handlers = Object.entries({ ...inMain, ...named }).filter(
    (entry): entry is [string, Handler] => typeof entry[1] === 'function',
  );
  if (handlers.length === 0) throw new Error(`${url} neither calls serve() nor exports a function`);
  serve(Object.fromEntries(handlers));
}
