/** What a simulation, its hosts and a campaign are told, read once at the door, as the host reads its own. */
import { OptionsError } from '../errors.ts';
import type { HostOptions } from '../host/options.ts';
import type { Program } from '../os/sim/running.ts';
import { parseSupervisorSpec, type SupervisorSpec } from '../supervisor/supervisor-spec.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import type { CampaignOptions } from './campaign.ts';
import type { World } from './lifetime.ts';

export interface SimulationOptions {
  /** Everything follows from it: a whole number of 32 bits; default 1. */
  readonly seed?: number;
  /** The highest pid there is, from 8 to 32,768; default 64. */
  readonly pidMax?: number;
  /** The unit of start times in milliseconds: what is born within one cannot be told apart. Default 10, as on Linux. */
  readonly tick?: number;
  /** What can be started, by command. */
  readonly programs?: Readonly<Record<string, Program>>;
}

export interface SimHostOptions extends Omit<HostOptions, 'os' | 'stateDirectory'> {
  /** Whose process it is; default 0, root. */
  readonly userId?: number;
}

/** A tick of an hour is longer than any test. */
export const LONGEST_TICK_MS = 3_600_000;
/** With fewer there is no room for a host, its forker and what they start; Linux has no more by default. */
export const PIDS = { least: 8, most: 32_768, standard: 64 };
export const SEEDS = 2 ** 32;
/** The highest that Linux gives to anybody. */
export const LAST_USER_ID = 2 ** 32 - 2;

/** Throws an `OptionsError`. */
export function readSimulationOptions(options: SimulationOptions): Required<SimulationOptions> {
  const reader = new OptionReader(options, '', ['seed', 'pidMax', 'tick', 'programs']);
  return {
    seed: reader.integer('seed', 1, 0, SEEDS - 1),
    pidMax: reader.integer('pidMax', PIDS.standard, PIDS.least, PIDS.most),
    tick: reader.integer('tick', 10, 1, LONGEST_TICK_MS),
    programs: readPrograms(reader),
  };
}

/** What is the host's own to complain about is left to it. */
export function readSimHostOptions(options: SimHostOptions): {
  readonly userId: number;
  readonly rest: HostOptions;
} {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError('', `expected an object, got ${show(options)}`);
  }
  const reader = new OptionReader(options, '', Object.keys(options));
  for (const key of ['os', 'stateDirectory']) {
    if (reader.has(key)) reader.fail(key, "is the simulation's own: every host of it runs there");
  }
  const { userId: _, ...rest } = options;
  return { userId: reader.integer('userId', 0, 0, LAST_USER_ID), rest };
}

/** A program under a name is a function; one that is forgotten to be called is found when it runs. */
export function readProgram(command: string, program: unknown, path = 'programs'): Program {
  if (typeof program !== 'function') {
    throw new OptionsError(`${path}['${command}']`, `expected a program, a function, got ${show(program)}`);
  }
  return program as Program;
}

function readPrograms(reader: OptionReader): Readonly<Record<string, Program>> {
  const programs = reader.get('programs') ?? {};
  if (typeof programs !== 'object' || programs instanceof Map || Array.isArray(programs)) {
    reader.fail('programs', `expected an object of programs by command, got ${show(programs)}`);
  }
  for (const [command, program] of Object.entries(programs)) {
    readProgram(command, program, reader.at('programs'));
  }
  return programs as Readonly<Record<string, Program>>;
}

/** Throws an `OptionsError`; a campaign of no lifetimes, or of lifetimes in which nothing can start, is refused too. */
export function readCampaignOptions(
  options: CampaignOptions,
): Required<Omit<CampaignOptions, 'world'>> & { readonly worlds: () => World | undefined } {
  const known = ['firstSeed', 'seeds', 'world', 'untilBroken', 'onLifetime'];
  const reader = new OptionReader(options, '', known);
  if (!reader.has('seeds')) reader.fail('seeds', 'is missing: how many lifetimes are to be lived?');
  const seeds = reader.integer('seeds', 1, 1, SEEDS);
  const firstSeed = reader.integer('firstSeed', 1, 0, SEEDS - 1);
  if (firstSeed + seeds > SEEDS) {
    reader.fail('seeds', `${seeds} seeds from ${firstSeed} on go beyond the last, ${SEEDS - 1}`);
  }
  const untilBroken = reader.boolean('untilBroken', false);
  const onLifetime = reader.get('onLifetime') ?? (() => {});
  if (typeof onLifetime !== 'function') {
    reader.fail('onLifetime', `expected a function, got ${show(onLifetime)}`);
  }
  return {
    seeds,
    firstSeed,
    untilBroken,
    onLifetime: onLifetime as NonNullable<CampaignOptions['onLifetime']>,
    worlds: readWorlds(reader.get('world')),
  };
}

/** How to have a world for each life: the same one, or what a function makes. Throws an `OptionsError`, and so may what is returned. */
export function readWorlds(value: unknown): () => World | undefined {
  if (typeof value === 'function') return () => readWorld(value());
  const world = value === undefined ? undefined : readWorld(value);
  return () => world;
}

function readWorld(value: unknown): World {
  const reader = new OptionReader(value, 'world', ['tree', 'application', 'programs']);
  const programs = readPrograms(reader);
  const application = reader.get('application');
  if (application === undefined && !reader.has('tree')) {
    throw new OptionsError('world', 'expected a tree, an application, or both');
  }
  if (application !== undefined && typeof application !== 'function') {
    reader.fail('application', `expected a function, got ${show(application)}`);
  }
  if (reader.has('tree')) {
    requirePrograms(parseSupervisorSpec(reader.get('tree'), 'world.tree'), programs, 'world.tree');
  }
  return value as World;
}

function requirePrograms(
  { children }: SupervisorSpec,
  programs: Readonly<Record<string, Program>>,
  path: string,
): void {
  for (const [index, child] of children.entries()) {
    const at = `${path}.children[${index}]`;
    if (child.type === 'supervisor') requirePrograms(child, programs, at);
    else if (!Object.hasOwn(programs, child.command)) {
      throw new OptionsError(`${at}.command`, `there is no program for '${child.command}' in world.programs`);
    }
  }
}
