/** Whatever a process tells, in whatever order, a worker goes one way through its states and exits once (exited-once-and-dead). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpawnError } from '../src/errors.ts';
import type { ProcessEvent } from '../src/worker/worker-machine.ts';
import {
  cancelled,
  exited,
  finished,
  forkerLost,
  ready,
  spawned,
  startWorker,
  treeEmpty,
} from '../test/support/worker-actor.ts';
import { SEED } from './seed.ts';

const ORDER = ['spawning', 'running', 'stopping', 'exited'] as const;
const error = new SpawnError('x', { phase: 'exec', code: 'ENOENT', errno: -2, message: 'not there' });

type Step = { readonly tell: ProcessEvent } | { readonly pass: number } | 'stop';

const told: readonly ProcessEvent[] = [
  spawned,
  cancelled,
  ready,
  treeEmpty,
  forkerLost,
  finished,
  exited(0),
  exited(1, null, 'left'),
  exited(null, 'SIGKILL'),
  { type: 'process.unborn', reason: { kind: 'spawn-failed', error } },
  { type: 'process.unready', detail: 'why' },
];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...told).map((tell) => ({ tell })) },
  { weight: 1, arbitrary: fc.constant('stop' as const) },
  { weight: 2, arbitrary: fc.constantFrom(1, 100, 10_000).map((pass) => ({ pass })) },
);
const plan = fc.constantFrom(undefined, 100, 'infinity' as const, 'brutal_kill' as const);

test('states come in order, none twice, and the end is told once, with the last of them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), plan, (steps, proven, shutdown) => {
      const worker = startWorker({
        ...(proven ? { ready: { notify: 'fd' } } : {}),
        ...(shutdown === undefined ? {} : { shutdown }),
      });
      let died = false;
      for (const one of steps) {
        if (one === 'stop') worker.stop();
        else if ('pass' in one) worker.pass(one.pass);
        else worker.tell(one.tell);
        if (typeof one === 'object' && 'tell' in one)
          died ||= !['process.spawned', 'process.ready', 'process.unready'].includes(one.tell.type);
        const places = worker.states().map((state) => ORDER.indexOf(state));
        expect(places).toEqual([...new Set(places)].sort());
        expect(worker.outputs).toHaveLength(places.includes(3) ? 1 : 0);
        if (places.includes(3)) expect(died).toBe(true); // nothing of our own ends it
        expect(worker.told.ready).toBe(places.includes(1) ? 1 : 0);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('no signal follows the news that nothing is left', () => {
  const before = fc.array(fc.oneof(fc.constant('stop' as const), fc.constantFrom(1, 10_000)), {
    maxLength: 6,
  });
  const empty = fc.constantFrom([exited(0)], [exited(1, null, 'left'), treeEmpty], [forkerLost, treeEmpty]);
  fc.assert(
    fc.property(before, empty, before, plan, (early, end, late, shutdown) => {
      const worker = startWorker(shutdown === undefined ? {} : { shutdown });
      worker.tell(spawned);
      const go = (one: 'stop' | number) => (one === 'stop' ? worker.stop() : worker.pass(one));
      early.forEach(go);
      worker.tell(...end);
      const signals = worker.signals().length;
      late.forEach(go);
      worker.tell(finished);
      late.forEach(go);
      expect(worker.signals()).toHaveLength(signals);
      expect(worker.outputs).toHaveLength(1);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
