/** What is told of a supervisor's child. */
import type { ActorRefFrom } from 'xstate';
import type { WorkerState } from '../events.ts';
import type { workerMachine } from '../worker/worker-machine.ts';
import type { Incarnation } from '../worker/worker-runtime.ts';
import type { Child } from './roster.ts';
import type { ChildSpec } from './supervisor-spec.ts';

/** A child as `whichChildren` tells of it. */
export interface ChildInfo {
  /** Its spec's, with a number in dynamic supervisors. */
  readonly id: string;
  readonly path: string;
  readonly type: 'worker' | 'supervisor';
  /** `restarting`: it has ended, and is not up again yet. `exited` is OTP's `undefined`. */
  readonly state: WorkerState | 'restarting';
  /** Of a worker that lives; undefined before its fork, and when it is down. */
  readonly pid: number | undefined;
  /** How often it was started by this incarnation of its supervisor. */
  readonly starts: number;
  /** Empty for a supervisor. */
  readonly command: string;
  /** What its start function had to say at its last start; of a supervisor while it lives. */
  readonly info: unknown;
}

interface Seen {
  /** Its supervisor has not started all children yet. */
  readonly isStarting: boolean;
  readonly worker: ActorRefFrom<typeof workerMachine> | undefined;
  readonly supervisor: { readonly info: unknown } | undefined;
  readonly incarnation: Incarnation | undefined;
}

export function childInfo(child: Child, seen: Seen): ChildInfo {
  const { id, path, spec, starts, workerId } = child;
  const incarnation = seen.incarnation?.workerId === workerId ? seen.incarnation : undefined;
  return {
    id,
    path,
    type: spec.type,
    state: stateOf(child, seen),
    pid:
      child.state === 'down' || child.state === 'delayed' || child.state === 'ended'
        ? undefined
        : incarnation?.pid,
    starts,
    command: commandOf(spec),
    info: (spec.type === 'supervisor' ? seen.supervisor : incarnation)?.info,
  };
}

/** Of a child that is not needed, and of which nothing is kept. */
export const unneeded = (id: string, path: string, spec: ChildSpec): ChildInfo => ({
  id,
  path,
  type: spec.type,
  state: 'exited',
  pid: undefined,
  starts: 1,
  command: commandOf(spec),
  info: undefined,
});

const commandOf = (spec: ChildSpec): string =>
  spec.type === 'worker' ? [spec.command, ...spec.args].join(' ') : '';

function stateOf(child: Child, { isStarting, worker }: Seen): ChildInfo['state'] {
  if (child.returning && child.state !== 'stopping') return 'restarting';
  switch (child.state) {
    case 'waiting':
      return isStarting ? 'spawning' : 'exited';
    case 'starting':
      return worker === undefined ? 'spawning' : topState(worker.getSnapshot().value);
    case 'up':
      if (child.spec.type === 'supervisor') return 'running';
      return worker === undefined ? 'exited' : topState(worker.getSnapshot().value);
    case 'stopping':
      return 'stopping';
    default:
      return 'exited';
  }
}

/** A worker's machine has states below its four. */
function topState(value: string | object): WorkerState {
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as WorkerState;
}
