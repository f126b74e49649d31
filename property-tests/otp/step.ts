/** What was done in one step, and what there was to be seen of it: the same shape for OTP and for Reeve. */

/**
 * What happened to a child, and in which of its attempts. `gate`: its start waits for a verdict · `end`: a supervisor
 * begins to end, by itself or as it is told · `gave_up`: because of one restart too many · `stop`: a worker is told to end
 * · `interrupted`: a start that was under way was given up (Reeve's alone).
 */
export type Entry = readonly [EntryKind, string, number];
export type EntryKind =
  | 'start'
  | 'start_fail'
  | 'start_ignore'
  | 'gate'
  | 'die'
  | 'stop'
  | 'end'
  | 'gave_up'
  | 'interrupted';

/** Newest first, with the attempt in which it is up, or what it is instead; and what count_children says. */
export interface Look {
  readonly path: string;
  readonly which: readonly (readonly [string, number | string])[];
  readonly count: readonly number[];
}

export interface Step {
  readonly entries: readonly Entry[];
  /** Of calls, by their numbers; number 0 is the start of the tree. */
  readonly outcomes: ReadonlyMap<number, string>;
  /** How the uppermost supervisor ended. */
  readonly exit: string | undefined;
  readonly looks: readonly Look[];
  /** Whose starts wait. */
  readonly gates: readonly string[];
}

/** A command as it was really carried out. */
export type Applied =
  | { readonly do: 'start' }
  | { readonly do: 'stop' }
  | { readonly do: 'open'; readonly path: string; readonly verdict: string }
  | { readonly do: 'die'; readonly deaths: readonly (readonly [string, string])[] }
  /** The command of this number, from 1 on. */
  | { readonly do: 'call'; readonly number: number };

/** The supervisor of a child; empty for the uppermost. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
