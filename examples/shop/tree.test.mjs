// The tree under faults, without a real process, in milliseconds: node --test examples/shop/tree.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaign, programs, Simulation } from 'reeve/sim';
import { tree } from './tree.mjs';

const postgres = programs.readyAfter(40, 'database system is ready to accept connections');
const world = { tree, programs: { postgres, node: programs.ignoresTerm } };

test('whatever dies, nothing is left behind, and all comes back', async () => {
  const { violations } = await campaign({ seeds: 100, world });
  assert.deepEqual(violations, []);
});

test('the shop gives up when its API crashes at once, again and again', async () => {
  const simulation = new Simulation({ programs: { postgres, node: programs.exitsAfter(5, 1) } });
  const host = await simulation.run(simulation.startHost());
  await simulation.run(host.supervise(tree));
  await simulation.pass(1_000);
  const gaveUp = host.host.events.recent().find(({ type }) => type === 'supervisor.gave-up');
  assert.equal(gaveUp.because, 'shop/api');
  await simulation.run(host.stop());
  assert.deepEqual(simulation.violations, []);
});
