/** The machines with a host's effects in them, and the port's clock and chance as they want them. */
import { createActor } from 'xstate';
import type { Os, Random } from '../os/os.ts';
import type { ChildActors, Clock } from '../supervisor/child-actors.ts';
import type { PendingCalls } from '../supervisor/pending-calls.ts';
import { RetryTimers } from '../supervisor/retry-timers.ts';
import { supervisorMachine } from '../supervisor/supervisor-machine.ts';
import type { WorkerRuntime } from '../worker/worker-runtime.ts';
import { hostMachine } from './host-machine.ts';

/** The supervisor machine with this host's effects in it. */
export function supervisorWith(
  runtime: WorkerRuntime,
  { actors, calls, clock }: { actors: ChildActors; calls: PendingCalls; clock: Clock },
) {
  const { events } = runtime;
  const timers = new RetryTimers(clock);
  return supervisorMachine.provide({
    actions: {
      begin: (_, { workerId }) => actors.start(workerId),
      stop: (_, { workerId, cause }) => actors.stop(workerId, cause),
      kill: (_, { workerId }) => actors.kill(workerId),
      retryLater: ({ self }, { message, path, delay }) => timers.set(path, delay, () => self.send(message)),
      unschedule: (_, { path }) => timers.clear(path),
      answer: (_, { callId, answer }) => calls.settle(callId, answer),
      forget: (_, { path }) => runtime.forget(path),
      report: (_, { event }) => events.emit(event),
      reportExit: (_, { workerId, reason }) => runtime.announceExit(workerId, reason),
      reportEnd: ({ context }, { path, workerId, output }) => {
        // Whoever holds a host's own supervisor keeps its children's last words.
        if (path.includes('/')) for (const child of context.roster.values()) runtime.forget(child.path);
        events.emit({ type: 'supervisor.exited', path, workerId, reason: output });
        if (output.kind !== 'start-failed' && output.kind !== 'intensity-exceeded') return;
        events.emit({ type: 'supervisor.gave-up', path, because: output.path, reason: output.reason });
      },
    },
  });
}

export function startActor(os: Os, clock: Clock, actors: ChildActors) {
  const machine = hostMachine.provide({
    actions: {
      begin: (_, { workerId }) => actors.start(workerId),
      stop: (_, { workerId, cause }) => actors.stop(workerId, cause),
    },
  });
  const now = () => os.clock.monotonic();
  const chance = () => chanceOf(os.random);
  return createActor(machine, { clock, input: { clock, now, chance, actors } }).start();
}

/** As XState wants it. */
export const clockOf = ({ clock }: Os): Clock => ({
  setTimeout: (action, ms) => clock.setTimeout(action, ms),
  clearTimeout: (timer) => clock.clearTimeout(timer),
});

/** From 0 to 1, without 1. */
export function chanceOf(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
