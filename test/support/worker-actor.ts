/** A worker's machine whose process is the test itself, on a clock that the test moves. */
import { createActor, fromCallback, SimulatedClock, setup } from 'xstate';
import type { ExitReason, WorkerState } from '../../src/events.ts';
import {
  type ProcessCommand,
  type ProcessEvent,
  type WorkerInput,
  workerMachine,
} from '../../src/worker/worker-machine.ts';
import { parseWorkerSpec, type WorkerOptions } from '../../src/worker/worker-spec.ts';

export function startWorker(options: Partial<WorkerOptions> = {}) {
  const commands: ProcessCommand[] = [];
  const states: { state: WorkerState; pid: number | undefined }[] = [];
  const outputs: ExitReason[] = [];
  const told = { ready: 0, lingers: 0 };
  let sendBack: (event: ProcessEvent) => void = () => {};
  const worker = workerMachine.provide({
    actors: {
      process: fromCallback<ProcessCommand, WorkerInput>((process) => {
        sendBack = process.sendBack;
        process.receive((command) => commands.push(command));
      }),
    },
    actions: {
      announce: ({ context: { pid } }, { state }) => {
        states.push({ state, pid });
        if (state === 'running') told.ready += 1;
      },
      announceLingering: () => {
        told.lingers += 1;
      },
    },
  });
  const spec = parseWorkerSpec({ id: 'w', command: 'true', ...options }, '');
  const parent = setup({ actors: { worker }, types: {} as { children: { worker: 'worker' } } }).createMachine(
    {
      invoke: {
        id: 'worker',
        src: 'worker',
        input: { spec, path: 's/w', workerId: 's/w:1', starts: 1 },
        onDone: { actions: ({ event }) => void outputs.push(event.output) },
      },
    },
  );
  const clock = new SimulatedClock();
  const actor = createActor(parent, { clock }).start();
  const child = actor.getSnapshot().children.worker!;
  return {
    commands,
    /** The states it announced, and nothing twice unless it did so. */
    states: () => states.map(({ state }) => state),
    announced: states,
    outputs,
    told,
    /** As its parent does: nothing is sent to the dead. */
    stop: () => {
      if (child.getSnapshot().status === 'active') child.send({ type: 'stop' });
    },
    /** What the process tells, in order. */
    tell: (...events: readonly ProcessEvent[]) => {
      for (const event of events) sendBack(event);
    },
    /** A timer that is set when another rings begins at the end of this step: take one step for each. */
    pass: (ms: number) => clock.increment(ms),
    /** The signals of the stages that were applied, in order; `-` for a stage without one. */
    signals: () =>
      commands.flatMap((command) => (command.type === 'apply' ? [command.stage.signal ?? '-'] : [])),
    /** The kinds of its commands, in order. */
    asked: () => commands.map(({ type }) => type),
  };
}

export const spawned: ProcessEvent = { type: 'process.spawned', pid: 77 };
export const ready: ProcessEvent = { type: 'process.ready' };
export const cancelled: ProcessEvent = { type: 'process.cancelled' };
export const treeEmpty: ProcessEvent = { type: 'process.treeEmpty' };
export const forkerLost: ProcessEvent = { type: 'process.forkerLost' };
export const finished: ProcessEvent = { type: 'process.finished' };

export const exited = (
  code: number | null,
  signal: string | null = null,
  tree: 'empty' | 'left' = 'empty',
): ProcessEvent => ({ type: 'process.exited', code, signal, treeEmpty: tree === 'empty' });
