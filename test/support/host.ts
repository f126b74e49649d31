/** A host in the test's own process, stopped when the test is over. */
import { expect, onTestFinished } from 'vitest';
import {
  type ChildOptions,
  type ExitReason,
  type Host,
  type HostOptions,
  type OptionsError,
  StartError,
  type Supervisor,
  type SupervisorOptions,
  startHost,
  type TimedEvent,
} from '../../src/index.ts';
import { processesOfRun, until } from './processes.ts';
import { temporaryDirectory } from './temporary.ts';

type EventOf<T extends TimedEvent['type']> = Extract<TimedEvent, { type: T }>;

export interface TestHost {
  readonly host: Host;
  readonly runId: string;
  readonly stateDirectory: string;
  readonly supervise: (
    children: readonly ChildOptions[],
    rest?: Partial<SupervisorOptions>,
  ) => Promise<Supervisor>;
  /** All events of a type until now. */
  readonly all: <T extends TimedEvent['type']>(type: T) => EventOf<T>[];
  /** Waits for the first event of a type that satisfies `test`. */
  readonly event: <T extends TimedEvent['type']>(
    type: T,
    test?: (event: EventOf<T>) => boolean,
  ) => Promise<EventOf<T>>;
  /** Waits until a worker has exited for the `nth` time. */
  readonly exitOf: (path: string, nth?: number) => Promise<ExitReason>;
  /** The paths of those that exited, in order. */
  readonly exits: () => string[];
  /** All lines that workers have written since the host was opened. */
  readonly lines: readonly string[];
  readonly line: (wanted: string) => Promise<string>;
}

/** Call it inside a test: at its end the host is stopped, and the test fails if a process of its run is left. */
export async function openHost(options: HostOptions = {}): Promise<TestHost> {
  const stateDirectory = temporaryDirectory();
  const host = await startHost({ stateDirectory, signals: false, orphanGrace: 300, ...options });
  const { runId } = host;
  onTestFinished(async () => {
    await host.stop();
    expect(processesOfRun(runId)).toEqual([]);
  });
  const lines: string[] = [];
  host.onOutput((_, line) => lines.push(line));
  const all = <T extends TimedEvent['type']>(type: T) =>
    host.events.recent().filter((event): event is EventOf<T> => event.type === type);
  const exitsOf = (path: string) => all('worker.exited').filter((event) => event.path === path);
  return {
    host,
    runId,
    stateDirectory,
    lines,
    all,
    supervise: (children, rest = {}) => host.supervise({ id: 's', children, ...rest }),
    event: (type, test = () => true) =>
      until(`an event '${type}'`, () => all(type).find((event) => test(event)), 20_000),
    exitOf: (path, nth = 1) => until(`${path} has exited`, () => exitsOf(path)[nth - 1]?.reason, 20_000),
    exits: () => all('worker.exited').map(({ path }) => path),
    line: (wanted) =>
      until(`a worker writes '${wanted}'`, () => lines.find((line) => line.includes(wanted)), 20_000),
  };
}

/** The error with which a start fails. */
export async function startErrorOf(starting: Promise<unknown>): Promise<StartError> {
  const error = await starting.then(
    () => new Error('it started'),
    (reason: OptionsError | StartError) => reason,
  );
  if (error instanceof StartError) return error;
  throw error;
}

/** A worker that runs a shell script. */
export const shell = (id: string, script: string) => ({ id, command: 'sh', args: ['-c', script] });

export const sleeper = (id: string) => ({ id, command: 'sleep', args: ['1000'] });
