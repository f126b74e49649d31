/** What happened, as lines and as a hash of them: two runs of one seed must have the same. */
import type { TimedEvent } from '../events.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import { name } from './oracle.ts';

/** How many of the last lines are kept for people. */
const LINES_KEPT = 400;

export interface Trace {
  /** The last lines, oldest first. */
  lines(): readonly string[];
  /** Of every line there ever was. */
  readonly hash: string;
  /** Of when each was, whatever it was: names that chance has given change nothing about it. */
  readonly rhythm: string;
  event(event: TimedEvent): void;
  note(text: string): void;
}

export function createTrace(machine: SimMachine): Trace {
  const kept: string[] = [];
  let hash = EMPTY;
  let rhythm = EMPTY;
  const note = (text: string): void => {
    const when = machine.timeline.now.toFixed(3);
    const line = `${when} ${text}`;
    hash = hashed(line, hash);
    rhythm = hashed(when, rhythm);
    kept.push(line);
    if (kept.length > LINES_KEPT) kept.shift();
  };
  machine.watch({
    onFork: (child) => note(`fork ${name(child)} by ${child.parent?.pid}`),
    onDeath: (dead) => note(`death ${name(dead)} ${dead.end?.signal ?? dead.end?.code}`),
    onSignal: (sender, targets, signal) => note(`${sender.pid} ${signal} ${targets.map(name).join(', ')}`),
    onBoundary: (process, what) => note(`${process.pid} ${what}`),
  });
  return {
    lines: () => [...kept],
    get hash() {
      return written(hash);
    },
    get rhythm() {
      return written(rhythm);
    },
    event: (event) => note(describe(event)),
    note,
  };
}

const EMPTY = 0x811c9dc5;

/** FNV-1a. */
function hashed(text: string, before: number): number {
  let hash = before;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

const written = (hash: number): string => hash.toString(16).padStart(8, '0');

function describe(event: TimedEvent): string {
  const { at: _, ...rest } = event;
  return JSON.stringify(rest, (_key, value) => (value instanceof Error ? value.message : value));
}
