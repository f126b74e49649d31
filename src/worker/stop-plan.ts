/** How a worker is ended: stage by stage, each with a signal and the time that it is given. */
import { OptionsError } from '../errors.ts';
import type { Signal } from '../os/os.ts';
import { OptionReader, show } from './option-reader.ts';

export interface StopStage {
  /** To the worker, its group, and what left its group. None: only wait. */
  readonly signal?: Signal;
  /** Ends its standard input first: many programs take that for a request to finish. */
  readonly closeStdin?: boolean;
  /** Milliseconds until the next stage; `Infinity` for as long as it takes. */
  readonly wait: number;
}

/** OTP's shorthand, or stages. A number: SIGTERM, that many milliseconds, SIGKILL. */
export type Shutdown = number | 'infinity' | 'brutal_kill' | readonly StopStage[];

/** How long SIGKILL may take before it is sent again: a process in the kernel's hands dies only when let go. */
const KILL_WAIT_MS = 5_000;
export const KILL: StopStage = { signal: 'SIGKILL', wait: KILL_WAIT_MS };

export const DEFAULT_STOP_PLAN: readonly StopStage[] = [
  { signal: 'SIGTERM', wait: 10_000 },
  { signal: 'SIGTERM', wait: 5_000 },
  KILL,
];

/** Every plan ends in SIGKILL, unless it waits for ever before that. */
export function parseShutdown(value: unknown, path: string): readonly StopStage[] {
  if (value === undefined) return DEFAULT_STOP_PLAN;
  if (value === 'brutal_kill') return [KILL];
  if (value === 'infinity' || value === Number.POSITIVE_INFINITY) {
    return [{ signal: 'SIGTERM', wait: Number.POSITIVE_INFINITY }];
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31) {
    return [{ signal: 'SIGTERM', wait: value }, KILL];
  }
  if (Array.isArray(value) && value.length > 0) return parseStages(value, path);
  throw new OptionsError(
    path,
    `expected milliseconds, 'infinity', 'brutal_kill' or stages, as in [{ signal: 'SIGTERM', wait: 1000 }]; got ${show(value)}`,
  );
}

function parseStages(values: readonly unknown[], path: string): readonly StopStage[] {
  const stages = values.map((value, index): StopStage => {
    const reader = new OptionReader(value, `${path}[${index}]`, ['signal', 'closeStdin', 'wait']);
    const forEver = reader.get('wait') === Number.POSITIVE_INFINITY || reader.get('wait') === 'infinity';
    if (!forEver && !reader.has('wait'))
      reader.fail('wait', 'missing: how many milliseconds until the next stage?');
    return {
      ...(reader.has('signal') ? { signal: signalName(reader) } : {}),
      closeStdin: reader.boolean('closeStdin', false),
      wait: forEver ? Number.POSITIVE_INFINITY : reader.milliseconds('wait', 0),
    };
  });
  const last = stages.at(-1)!;
  const ends = last.signal === 'SIGKILL' || last.wait === Number.POSITIVE_INFINITY;
  return ends ? stages : [...stages, KILL];
}

const SIGNALS: readonly Signal[] = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGKILL',
];

const signalName = (reader: OptionReader): Signal => reader.oneOf('signal', SIGNALS, 'SIGTERM');
