/** Finds and loads the configuration of `reeve up`. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf, messageOf, OptionsError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type HostOptions, parseHostOptions } from '../host/options.ts';
import {
  type ChildOptions,
  isSupervisor,
  parseSupervisorSpec,
  type SupervisorOptions,
} from '../supervisor/supervisor-spec.ts';
import { OptionReader, show } from '../worker/option-reader.ts';

export interface Config {
  readonly host: HostOptions;
  readonly supervisors: readonly SupervisorOptions[];
  /** Called before the supervisors are started: to listen, and to give dynamic supervisors their children. */
  readonly onHost: (host: Host) => void | Promise<void>;
}

const NAMES = [
  'reeve.config.ts',
  'reeve.config.mts',
  'reeve.config.mjs',
  'reeve.config.js',
  'reeve.config.json',
];
const HOST_KEYS = ['name', 'stateDirectory', 'spawner', 'orphanGrace', 'sweep', 'eventsKept'] as const;

/**
 * Workers without a `cwd` run in the configuration's directory, and a relative one counts from there.
 * @param place a file, or a directory that holds one of the known names @param directory where `place` counts from
 */
export async function loadConfig(place: string, directory: string): Promise<Config> {
  const path = findConfig(resolve(directory, place));
  const value = await loadFile(path);
  try {
    return parseConfig(value, dirname(path));
  } catch (error) {
    if (error instanceof OptionsError) throw new OptionsError('', `${path}: ${error.message}`);
    throw error;
  }
}

function findConfig(place: string): string {
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return place;
  const path = NAMES.map((name) => resolve(place, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new OptionsError('', `none of ${NAMES.join(', ')} is in ${place}`);
  return path;
}

async function loadFile(path: string): Promise<unknown> {
  if (!existsSync(path)) throw new OptionsError('', `${path}: no such file`);
  const extension = extname(path);
  try {
    if (extension === '.json') return parseJson(await readFile(path, 'utf8'));
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    const exported = module.default;
    return typeof exported === 'function' ? ((await exported()) as unknown) : exported;
  } catch (error) {
    const isTypeScript = extension === '.ts' || extension === '.mts';
    if (isTypeScript && codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new OptionsError(
        '',
        `${path}: Node ${process.version} cannot load TypeScript; use 22.18 or later, or .mjs`,
      );
    }
    throw new OptionsError('', `${path}: ${messageOf(error)}`);
  }
}

/** Some editors put a byte order mark in front, which Node leaves there. */
const parseJson = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

export function parseConfig(value: unknown, directory: string): Config {
  const reader: OptionReader = new OptionReader(value, '', [...HOST_KEYS, 'supervisors', 'onHost']);
  const supervisors = reader.get('supervisors');
  if (!Array.isArray(supervisors) || supervisors.length === 0) {
    reader.fail('supervisors', `expected an array of at least one supervisor, got ${show(supervisors)}`);
  }
  const host = Object.fromEntries(
    HOST_KEYS.flatMap((key) => (reader.has(key) ? [[key, reader.get(key)]] : [])),
  );
  const placedSupervisors = supervisors.map((supervisor) => placed(supervisor, directory));
  // Complained about now, before anything is started; the host parses them again.
  parseHostOptions(host, {});
  const ids: string[] = [];
  placedSupervisors.forEach((supervisor, index) => {
    const { id } = parseSupervisorSpec(supervisor, `supervisors[${index}]`);
    const first = ids.indexOf(id);
    if (first !== -1)
      reader.fail(`supervisors[${index}].id`, `'${id}' is the id of supervisors[${first}] already`);
    ids.push(id);
  });
  const onHost = reader.get('onHost') ?? (() => {});
  if (typeof onHost !== 'function') reader.fail('onHost', `expected a function, got ${show(onHost)}`);
  return { host, supervisors: placedSupervisors, onHost: onHost as Config['onHost'] };
}

/** What is wrong with a supervisor is told when it is parsed; here only the workers below it are given their place. */
function placed(supervisor: unknown, directory: string): SupervisorOptions {
  const options = supervisor as SupervisorOptions;
  if (!Array.isArray(options?.children)) return options;
  const children = options.children.map((child: ChildOptions) => {
    if (typeof child !== 'object' || child === null) return child;
    if (isSupervisor(child)) return placed(child, directory) as ChildOptions;
    return { ...child, cwd: resolve(directory, typeof child.cwd === 'string' ? child.cwd : '.') };
  });
  return { ...options, children };
}
