/** The program of a `{ module }` worker: imports the module, and serves what it exports unless it has done so itself. */
import type { Handler } from './desk.ts';
import { isServing, serve } from './serve.ts';

const [, , url = ''] = process.argv;
let isLoaded = false;
process.once('exit', () => {
  if (!isLoaded)
    console.error(`reeve: ${url} was not loaded: it threw, exited, or waits for what never comes`);
});

const exported: Record<string, unknown> = await import(url);

isLoaded = true;

if (!isServing()) {
  const { default: main, 'module.exports': _, ...named } = exported; // of CommonJS, the same as default
  const inMain = typeof main === 'function' ? { run: main } : typeof main === 'object' ? main : {};
  const handlers = Object.entries({ ...inMain, ...named }).filter(
    (entry): entry is [string, Handler] => typeof entry[1] === 'function',
  );
  if (handlers.length === 0) throw new Error(`${url} neither calls serve() nor exports a function`);
  serve(Object.fromEntries(handlers));
}
