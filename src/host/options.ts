/** A host's options as people write them, read once into the complete form. */
import { DEFAULT_EVENTS_KEPT } from '../events.ts';
import { nodeOs } from '../os/node-os.ts';
import type { Os } from '../os/os.ts';
import { parseTasksOptions, type TasksOptions, type TasksSettings } from '../tasks/tasks-settings.ts';
import { OptionReader } from '../worker/option-reader.ts';

export interface HostOptions {
  /** Names the application, for people; default `'reeve'`. */
  readonly name?: string;
  /** Default: `$REEVE_STATE_DIR`, else `$XDG_STATE_HOME/reeve`, else `~/.local/state/reeve`. */
  readonly stateDirectory?: string;
  /** `'forker'` (default): a helper forks, and ends everything when the host dies. `'direct'`: the host forks. */
  readonly spawner?: 'forker' | 'direct';
  /** Milliseconds between SIGTERM and SIGKILL for what outlives the host or the forker; default 2,000. */
  readonly orphanGrace?: number;
  /** Sweep dead runs before the first worker; default true. */
  readonly sweep?: boolean;
  /** Stop in order on SIGINT, SIGTERM and SIGHUP, then end by that signal; default true. */
  readonly signals?: boolean;
  /** How many events `host.events.recent()` remembers; default 1,000. */
  readonly eventsKept?: number;
  /** What holds for all tasks: how many processes, when breakers open. */
  readonly tasks?: TasksOptions;
  /** The outside world; default: the real one. */
  readonly os?: Os;
}

export interface HostSettings {
  readonly name: string;
  readonly stateDirectory: string;
  readonly spawner: 'forker' | 'direct';
  readonly orphanGrace: number;
  readonly sweep: boolean;
  readonly signals: boolean;
  readonly eventsKept: number;
  readonly tasks: TasksSettings;
  readonly os: Os;
}

const KEYS = [
  'name',
  'stateDirectory',
  'spawner',
  'orphanGrace',
  'sweep',
  'signals',
  'eventsKept',
  'tasks',
  'os',
] as const;
const DEFAULT_ORPHAN_GRACE_MS = 2_000;
const LONGEST_GRACE_MS = 600_000;

/** Throws an `OptionsError`. @param environment where the default state directory is looked up */
export function parseHostOptions(
  options: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): HostSettings {
  const reader = new OptionReader(options, '', KEYS);
  const os = (reader.get('os') as Os | undefined) ?? nodeOs();
  return {
    name: reader.string('name', 'reeve'),
    stateDirectory: os.files.absolute(
      reader.has('stateDirectory') ? reader.string('stateDirectory') : defaultStateDirectory(environment),
    ),
    spawner: reader.oneOf('spawner', ['forker', 'direct'], 'forker'),
    orphanGrace: reader.integer('orphanGrace', DEFAULT_ORPHAN_GRACE_MS, 0, LONGEST_GRACE_MS),
    sweep: reader.boolean('sweep', true),
    signals: reader.boolean('signals', true),
    eventsKept: reader.integer('eventsKept', DEFAULT_EVENTS_KEPT, 0, 1_000_000),
    tasks: parseTasksOptions(reader.get('tasks'), reader.at('tasks')),
    os,
  };
}

export function defaultStateDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const { REEVE_STATE_DIR, XDG_STATE_HOME, HOME } = environment;
  if (REEVE_STATE_DIR) return REEVE_STATE_DIR;
  if (XDG_STATE_HOME) return `${XDG_STATE_HOME}/reeve`;
  return `${HOME || '/tmp'}/.local/state/reeve`;
}
