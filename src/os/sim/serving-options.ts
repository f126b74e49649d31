/** What a simulated worker of a pool is told to do, and what it is told of: read once, or once for each call. */
import {
  type Checks,
  callable,
  exitCode,
  fraction,
  milliseconds,
  oneOf,
  optional,
  trueOrFalse,
  wholeNumber,
} from './checks.ts';
import type { Running } from './running.ts';

/** One call, as the worker has heard it. */
export interface ServedCall {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
  readonly session: string | undefined;
  /** Its items are wanted one by one. */
  readonly stream: boolean;
}

const DEEDS = [
  'answers',
  'fails',
  'dies',
  'hangs',
  'forgets',
  'answers-twice',
  'garbles',
  'misaddresses',
  'closes',
] as const;

/**
 * What it does with a call: answers with its parameters · `fails`: answers with an error · `dies` amid it, with code 1 ·
 * `hangs`: stops itself, as by SIGSTOP · `forgets` it, and never answers · `answers-twice` · `garbles`: says in its place
 * what is no message · `misaddresses`: answers to what was never asked · `closes` its streams, and lives on.
 */
export type ServingDeed = (typeof DEEDS)[number];

/** What it does with each call, or with one. Each is optional. */
export interface ServingOptions {
  /** Milliseconds from the call to the answer, or to what is done in its place; default 1. */
  readonly after?: number;
  /** Default `answers`. */
  readonly deed?: ServingDeed;
  /** From 0 to 1: how often it is the deed, and not an answer; default 1. */
  readonly chance?: number;
  /** Items that come before the answer, evenly, numbers from 0 on; default 0. */
  readonly items?: number;
  /** A call that is cancelled is answered when it would have been anyway; default false: at once. */
  readonly ignoresCancel?: boolean;
  /** Bytes of memory that each call leaves behind; default 0. */
  readonly leaks?: number;
}

export interface ServesOptions extends ServingOptions {
  /** Milliseconds until it hears anything; default 0. */
  readonly readyAfter?: number;
  /** It ends by itself: before it has answered whether it is ready, or just after; default: never. */
  readonly exits?: 'before-ready' | 'when-ready';
  /** The code that it exits with then; default 0. */
  readonly code?: number;
  /** Whether it hands its sessions on to whoever takes its place, or says so and dies of it; default false. */
  readonly sessions?: boolean | 'dies';
  /** What is otherwise with this call. Called once for each, as it is heard: a test may write it down. */
  readonly each?: (call: ServedCall, self: Running) => ServingOptions | undefined;
  /** Called with whatever it says to one that `each` was called with: an answer, or an error. */
  readonly answered?: (call: ServedCall, self: Running) => void;
}

const SERVING: Checks<ServingOptions> = {
  after: milliseconds,
  deed: (where, value) => oneOf(where, value, DEEDS),
  chance: fraction,
  items: wholeNumber,
  ignoresCancel: trueOrFalse,
  leaks: wholeNumber,
};

const SERVES: Checks<ServesOptions> = {
  ...SERVING,
  readyAfter: milliseconds,
  exits: (where, value) => oneOf(where, value, ['before-ready', 'when-ready']),
  code: exitCode,
  sessions: (where, value) => oneOf(where, value, [true, false, 'dies']),
  each: callable,
  answered: callable,
};

export const servesOptions = (options: ServesOptions): ServesOptions => optional('serves()', options, SERVES);

/** What `each` answers; what it leaves undefined is as for every other call. */
export function servingOptions(serving: ServingOptions = {}): ServingOptions {
  const given = Object.entries(optional('each()', serving, SERVING));
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
