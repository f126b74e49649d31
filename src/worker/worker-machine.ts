/** One OS process as an actor: spawning → running → stopping → exited. */
import { assertEvent, assign, fromCallback, sendTo, setup } from 'xstate';
import type { ExitReason, WorkerState } from '../events.ts';
import { type Ending, exitReason } from './exit-reason.ts';
import { KILL, type StopStage } from './stop-plan.ts';
import type { WorkerSpec } from './worker-spec.ts';

export interface WorkerInput {
  readonly spec: WorkerSpec;
  /** Where it stands in the tree, such as `services/api`. */
  readonly path: string;
  /** Its path and how often it was started: names one incarnation. */
  readonly workerId: string;
  /** How often it was started by this supervisor, this time included. */
  readonly starts: number;
}

export interface WorkerContext extends WorkerInput {
  readonly pid: number | undefined;
  readonly ending: Ending;
  /** The stage of the stop plan. */
  readonly stage: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** How it ended without ever having been a process. */
  readonly unborn: ExitReason | undefined;
}

/** What the machine asks of its process. */
export type ProcessCommand =
  /** Do not fork, if you have not; the answer is `process.cancelled`, or the birth goes its way. */
  | { readonly type: 'cancel' }
  | { readonly type: 'watchReadiness' }
  | { readonly type: 'apply'; readonly stage: StopStage }
  /** Take in what output is left, and give up the record. */
  | { readonly type: 'finish' };

/** What its process tells. */
export type ProcessEvent =
  | { readonly type: 'process.spawned'; readonly pid: number }
  | { readonly type: 'process.cancelled' }
  /** Its start function has changed its options for this time. */
  | { readonly type: 'process.decided'; readonly spec: WorkerSpec }
  /** There will be no process. */
  | { readonly type: 'process.unborn'; readonly reason: ExitReason }
  | { readonly type: 'process.ready' }
  | { readonly type: 'process.unready'; readonly detail: string }
  | {
      readonly type: 'process.exited';
      readonly code: number | null;
      readonly signal: string | null;
      readonly treeEmpty: boolean;
    }
  | { readonly type: 'process.treeEmpty' }
  | { readonly type: 'process.forkerLost' }
  | { readonly type: 'process.finished' };

/** `kill`: by SIGKILL, whatever its stop plan says. */
export type WorkerEvent = { readonly type: 'stop' } | { readonly type: 'kill' } | ProcessEvent;

export const workerMachine = setup({
  types: {} as { context: WorkerContext; events: WorkerEvent; input: WorkerInput; output: ExitReason },
  actors: {
    /** Reserves, forks, listens; provided by the host. */
    process: fromCallback<ProcessCommand, WorkerInput>(() => {
      throw new Error('the worker machine was not provided with a process');
    }),
  },
  guards: {
    needsNoProof: ({ context }) => context.spec.ready.kind === 'spawn',
    treeEmpty: ({ event }) => event.type === 'process.exited' && event.treeEmpty,
    notBorn: ({ context }) => context.pid === undefined,
    hasNextStage: ({ context }) =>
      context.stage + 1 < context.spec.stopPlan.length && Number.isFinite(stageOf(context).wait),
    stageEnds: ({ context }) => Number.isFinite(stageOf(context).wait),
  },
  actions: {
    announce: (_, _params: { state: WorkerState }) => {},
    announceLingering: () => {},
    rememberBirth: assign(({ event }) => {
      assertEvent(event, 'process.spawned');
      return { pid: event.pid };
    }),
    rememberDecision: assign(({ event }) => {
      assertEvent(event, 'process.decided');
      return { spec: event.spec };
    }),
    rememberUnborn: assign(({ event }) => {
      assertEvent(event, 'process.unborn');
      return { unborn: event.reason };
    }),
    rememberExit: assign(({ event }) => {
      assertEvent(event, 'process.exited');
      return { code: event.code, signal: event.signal };
    }),
    blameExitBeforeReady: assign(({ event }) => {
      assertEvent(event, 'process.exited');
      const how = event.signal === null ? `ended with code ${event.code}` : `was ended by ${event.signal}`;
      return { ending: { by: 'unready' as const, detail: `it ${how} first` } };
    }),
    blameProbe: assign(({ event }) => {
      assertEvent(event, 'process.unready');
      return { ending: { by: 'unready' as const, detail: event.detail } };
    }),
    blameTimeout: assign(({ context }) => ({
      ending: { by: 'unready' as const, detail: `not within ${context.spec.startTimeout} ms` },
    })),
    blameStop: assign({ ending: { by: 'stop' as const, forced: false } }),
    blameForker: assign({ ending: { by: 'forker-lost' as const } }),
    noteForce: assign(({ context }) =>
      context.ending.by === 'stop' && stageOf(context).signal === 'SIGKILL'
        ? { ending: { by: 'stop' as const, forced: true } }
        : {},
    ),
    cancel: sendTo('process', { type: 'cancel' }),
    watchReadiness: sendTo('process', { type: 'watchReadiness' }),
    finish: sendTo('process', { type: 'finish' }),
    applyStage: sendTo(
      'process',
      ({ context }): ProcessCommand => ({ type: 'apply', stage: stageOf(context) }),
    ),
    nextStage: assign({ stage: ({ context }) => context.stage + 1 }),
    dropMercy: assign(({ context: { spec } }) => ({ spec: { ...spec, stopPlan: [KILL] }, stage: 0 })),
  },
  delays: {
    startTimeout: ({ context }) => context.spec.startTimeout,
    stageWait: ({ context }) => stageOf(context).wait,
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    pid: undefined,
    ending: { by: 'itself' },
    stage: 0,
    code: null,
    signal: null,
    unborn: undefined,
  }),
  output: ({ context: { ending, code, signal, unborn, spec } }) =>
    unborn ?? exitReason(ending, code, signal, spec.shutdownExitCodes),
  invoke: {
    id: 'process',
    src: 'process',
    input: ({ context: { spec, path, workerId, starts } }) => ({ spec, path, workerId, starts }),
  },
  initial: 'spawning',
  states: {
    spawning: {
      entry: { type: 'announce', params: { state: 'spawning' } },
      initial: 'forking',
      states: {
        forking: {
          on: {
            'process.spawned': [
              { guard: 'needsNoProof', target: '#worker.running', actions: 'rememberBirth' },
              { target: 'proving', actions: 'rememberBirth' },
            ],
            'process.decided': { actions: 'rememberDecision' },
            stop: { target: '#worker.stopping.cancelling', actions: 'blameStop' },
            kill: { target: '#worker.stopping.cancelling', actions: ['dropMercy', 'blameStop'] },
          },
        },
        proving: {
          entry: 'watchReadiness',
          on: {
            'process.ready': '#worker.running',
            'process.unready': { target: '#worker.stopping.ending', actions: 'blameProbe' },
            'process.exited': [
              {
                guard: 'treeEmpty',
                target: '#worker.stopping.finishing',
                actions: ['rememberExit', 'blameExitBeforeReady'],
              },
              { target: '#worker.stopping.ending', actions: ['rememberExit', 'blameExitBeforeReady'] },
            ],
            stop: { target: '#worker.stopping.ending', actions: 'blameStop' },
            kill: { target: '#worker.stopping.ending', actions: ['dropMercy', 'blameStop'] },
          },
        },
      },
      on: {
        'process.unborn': { target: 'exited', actions: 'rememberUnborn' },
        'process.forkerLost': { target: '#worker.stopping.clearing', actions: 'blameForker' },
      },
      after: {
        startTimeout: [
          { guard: 'notBorn', target: '#worker.stopping.cancelling', actions: 'blameTimeout' },
          { target: '#worker.stopping.ending', actions: 'blameTimeout' },
        ],
      },
    },
    running: {
      entry: { type: 'announce', params: { state: 'running' } },
      on: {
        'process.exited': [
          { guard: 'treeEmpty', target: '#worker.stopping.finishing', actions: 'rememberExit' },
          { target: '#worker.stopping.ending', actions: 'rememberExit' }, // others are left in its group
        ],
        'process.forkerLost': { target: '#worker.stopping.clearing', actions: 'blameForker' },
        stop: { target: '#worker.stopping.ending', actions: 'blameStop' },
        kill: { target: '#worker.stopping.ending', actions: ['dropMercy', 'blameStop'] },
      },
    },
    stopping: {
      entry: { type: 'announce', params: { state: 'stopping' } },
      initial: 'ending',
      states: {
        /** Asked to stop before the OS answered: a birth in flight is never abandoned. */
        cancelling: {
          entry: 'cancel',
          on: {
            'process.spawned': { target: 'ending', actions: 'rememberBirth' },
            'process.cancelled': '#worker.exited',
            'process.unborn': { target: '#worker.exited', actions: 'rememberUnborn' },
            kill: { actions: 'dropMercy' },
          },
        },
        /** The stop plan. It goes on when the leader is dead, until nothing is left. */
        ending: {
          entry: ['noteForce', 'applyStage'],
          on: {
            'process.exited': [
              { guard: 'treeEmpty', target: 'finishing', actions: 'rememberExit' },
              { actions: 'rememberExit' },
            ],
            'process.treeEmpty': 'finishing',
            'process.forkerLost': 'clearing',
            kill: { target: 'ending', reenter: true, actions: 'dropMercy' },
          },
          after: {
            stageWait: [
              { guard: 'hasNextStage', target: 'ending', reenter: true, actions: 'nextStage' },
              { guard: 'stageEnds', target: 'ending', reenter: true, actions: 'announceLingering' },
            ],
          },
        },
        /** The forker is dead: the operating system's floor ends the tree, and says when it is done. */
        clearing: { on: { 'process.treeEmpty': 'finishing' } },
        finishing: { entry: 'finish', on: { 'process.finished': '#worker.exited' } },
      },
    },
    exited: { type: 'final', entry: { type: 'announce', params: { state: 'exited' } } },
  },
});

const stageOf = ({ spec, stage }: WorkerContext) => spec.stopPlan[stage]!;
