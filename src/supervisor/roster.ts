/** The children of a supervisor, in the order of their start, as immutable data: one changes without copying thousands. */
import type { OrderedMap } from 'immutable';
import type { ChildSpec } from './supervisor-spec.ts';

/**
 * `waiting` for its turn in the first start · `starting`, `up` or `stopping` while its actor lives · `ended` when what
 * this calls for is not decided yet · `delayed` until its next start · `down`, OTP's `undefined`.
 */
export type ChildState = 'waiting' | 'starting' | 'up' | 'stopping' | 'ended' | 'delayed' | 'down';

export interface Child {
  readonly spec: ChildSpec;
  /** Unique among its siblings: its spec's, with a number in dynamic supervisors. */
  readonly id: string;
  readonly path: string;
  readonly state: ChildState;
  /** Names one incarnation, `<path>:<number>`, in the registry, in the worker's mark, as an actor: never twice in a run. */
  readonly workerId: string;
  /** How often it was started by this supervisor. */
  readonly starts: number;
  /** The numbers up to here were given to others, perhaps of this path. */
  readonly earlier: number;
  /** It has ended and is on its way back: OTP's `restarting`. */
  readonly returning: boolean;
  /** Its ends in a row that a backoff counts. */
  readonly failures: number;
  /** When it was ready last, by the clock that never jumps. */
  readonly upAt: number;
}

export type Roster = OrderedMap<string, Child>;

/** @param supervisorPath empty for a host's supervisor */
export function newChild(spec: ChildSpec, id: string, supervisorPath: string, earlier: number): Child {
  return {
    spec,
    id,
    path: supervisorPath === '' ? id : `${supervisorPath}/${id}`,
    state: 'waiting',
    workerId: '',
    starts: 0,
    earlier,
    returning: false,
    failures: 0,
    upAt: 0,
  };
}

/** It has an actor: a process, or what is to become one, or a supervisor. */
export const lives = ({ state }: Child): boolean =>
  state === 'starting' || state === 'up' || state === 'stopping';

/** The child of this incarnation, unless another has taken its place. */
export function childOf(roster: Roster, workerId: string): Child | undefined {
  const id = workerId.slice(workerId.lastIndexOf('/') + 1, workerId.lastIndexOf(':'));
  const child = roster.get(id);
  return child?.workerId === workerId ? child : undefined;
}

/** Its next incarnation, whose actor is about to be made. */
export function nextIncarnation(child: Child): Child {
  const starts = child.starts + 1;
  return { ...child, state: 'starting', starts, workerId: `${child.path}:${child.earlier + starts}` };
}

/** OTP's numbers. */
export interface ChildCounts {
  /** Specs that are held; of a simple_one_for_one supervisor 1, the template. */
  readonly specs: number;
  /** Children that are up, or being stopped. */
  readonly active: number;
  /** Children that are supervisors, alive or not. */
  readonly supervisors: number;
  readonly workers: number;
}

export function countChildren(roster: Roster): ChildCounts {
  let active = 0;
  let supervisors = 0;
  for (const child of roster.values()) {
    if (lives(child) && !child.returning) active += 1;
    if (child.spec.type === 'supervisor') supervisors += 1;
  }
  return { specs: roster.size, active, supervisors, workers: roster.size - supervisors };
}

/** Whether another significant child lives, or is on its way back. */
export function hasOtherSignificant(roster: Roster, id: string): boolean {
  return roster.some((child) => child.id !== id && child.spec.significant && child.state !== 'down');
}
