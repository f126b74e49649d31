/** How programs that come with Reeve are started on this machine: the one that runs modules, and Python's helper. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf } from '../errors.ts';
import type { Programs } from './os.ts';

/** Built, wherever we run from: Node runs no TypeScript within a package. */
const MODULE_MAIN = fileURLToPath(new URL('../../dist/serve/module-main.js', import.meta.url));
const HELPERS = fileURLToPath(new URL('../../src/serve', import.meta.url));
const STRIP_TYPES = '--experimental-strip-types';

export const nodePrograms: Programs = {
  helpers: HELPERS,
  runModule(module, execArgv) {
    const url = module.startsWith('file:') ? new URL(module) : pathToFileURL(resolve(module));
    const path = fileURLToPath(url);
    if (!existsSync(path)) throw new Error(`there is no ${path}`);
    const flags = /\.[cm]?ts$/.test(path) ? typeScriptFlags(path, execArgv) : [];
    return { command: process.execPath, args: [...flags, ...execArgv, MODULE_MAIN, url.href] };
  },
};

/** What this Node needs to run TypeScript; `tsx`, where the module's own project has it, if it cannot by itself. */
function typeScriptFlags(path: string, execArgv: readonly string[]): readonly string[] {
  const { typescript } = process.features as { readonly typescript?: string | false };
  if (typescript || execArgv.length > 0) return [];
  if (process.allowedNodeEnvironmentFlags.has(STRIP_TYPES))
    return [STRIP_TYPES, '--no-warnings=ExperimentalWarning'];
  try {
    return ['--import', pathToFileURL(createRequire(path).resolve('tsx')).href];
  } catch (error) {
    throw new Error(
      `Node ${process.versions.node} does not run TypeScript: take Node 22.18 or later, install tsx, or say in execArgv what loads it (${messageOf(error).split('\n', 1)[0]})`,
    );
  }
}
