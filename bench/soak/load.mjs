// The calls of the soak, by kind: what is asked, how it may end, and what must come of it.
import { setTimeout as pause } from 'node:timers/promises';
import { LEFT, Unwanted } from './ledger.mjs';

/** Clients of each pool, each with one thing to do at a time. */
const CLIENTS = 10;
/** Milliseconds between two of them, at most. */
const LONGEST_THOUGHT = 20;

/** What there is to do, and how often. */
const KINDS = [
  [30, (use) => echo(use, 'small', 20)],
  [10, (use) => echo(use, 'medium', 10_000)],
  [1, (use) => echo(use, 'large', 1_000_000)],
  [10, (use) => echo(use, 'idempotent', 200, { idempotent: true })],
  [3, fill],
  [6, fail],
  [
    1,
    ({ ledger, pool }) =>
      ledger.call('unsendable', () => pool.call('echo', NEITHER), { may: ['unsendable'] }),
  ],
  [6, cancel],
  [5, (use) => timeOut(use, 'timeout', 'wait')],
  [0.5, (use) => timeOut(use, 'stubborn', 'ignore')],
  [0.5, ({ ledger, pool }) => ledger.call('crash', () => pool.call('crash'), { may: [] })],
  [0.1, ({ ledger, pool }) => ledger.call('poison', () => pool.call('crash', null, IDEMPOTENT), { may: [] })],
  [6, stream],
  [3, map],
  [6, session],
  [4, lease],
  [1, lateLease],
  [1, burst],
];
/** JSON has no such number, and frames no functions. */
const NEITHER = { number: 1n, code: () => {} };
const IDEMPOTENT = { idempotent: true };
const ALL = KINDS.reduce((sum, [share]) => sum + share, 0);

/** @param chance gives from 0 to 1 @returns how to end it: resolves when each client is done */
export function startLoad({ pools, ledger, chance }) {
  let isOver = false;
  const client = async (pool) => {
    while (!isOver) {
      await pick(chance)({ pool, ledger, chance });
      await pause(chance() * LONGEST_THOUGHT);
    }
  };
  const clients = pools.flatMap((pool) => Array.from({ length: CLIENTS }, () => client(pool)));
  return () => {
    isOver = true;
    return Promise.all(clients);
  };
}

function pick(chance) {
  let left = chance() * ALL;
  return KINDS.find(([share]) => {
    left -= share;
    return left < 0;
  })[1];
}

const upTo = (most, chance) => Math.floor(chance() * (most + 1));

function echo({ pool, ledger, chance }, kind, longest, options) {
  const params = { text: 'ü'.repeat(upTo(longest, chance)), number: chance() };
  return ledger.call(kind, () => pool.call('echo', params, options), {
    isRight: (value) => value.text === params.text && value.number === params.number,
  });
}

function fill({ pool, ledger, chance }) {
  const length = upTo(2_000_000, chance);
  return ledger.call('large answer', () => pool.call('fill', length), {
    isRight: (text) => text.length === length,
  });
}

function fail({ pool, ledger, chance }) {
  const method = chance() < 0.8 ? 'fail' : 'nothing of the kind';
  return ledger.call('error', () => pool.call(method, 'as it should'), { may: ['remote'] });
}

/** Before its worker has it, while it has, and afterwards. */
async function cancel({ pool, ledger, chance }) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Unwanted()), chance() * 30);
  const { signal } = controller;
  await ledger.call('cancelled', () => pool.call('wait', 15, { signal }), { may: ['cancelled', 'ok'] });
  clearTimeout(timer);
}

const timeOut = ({ pool, ledger }, kind, method) =>
  ledger.call(kind, () => pool.call(method, 2_000, { timeout: 20 }), { may: ['timeout'] });

/** Read to its end, slowly, or not to its end. */
function stream({ pool, ledger, chance }) {
  const length = upTo(300, chance);
  const leaveAt = chance() < 0.3 ? upTo(length, chance) : length;
  const slow = chance() < 0.2;
  const read = async () => {
    let next = 0;
    for await (const item of pool.stream('count', length, { onProgress: () => {} })) {
      if (item !== next) return `${item} instead of ${next}`;
      if (item === leaveAt) return LEFT;
      next += 1;
      if (slow && next % 50 === 0) await pause(20);
    }
    return next;
  };
  return ledger.call('stream', read, { may: ['ok', 'left'], isRight: (count) => count === length });
}

function map({ pool, ledger, chance }) {
  const items = Array.from({ length: upTo(20, chance) }, (_, index) => index);
  const leaveAt = chance() < 0.2 ? upTo(20, chance) : items.length;
  const read = async () => {
    const results = [];
    for await (const result of pool.map(items, { method: 'echo', concurrency: 4 })) {
      results.push(result);
      if (results.length > leaveAt) return LEFT;
    }
    return results.join();
  };
  return ledger.call('map', read, { may: ['ok', 'left'], isRight: (results) => results === items.join() });
}

/** Its worker counts its calls. Now and then it is not closed, but forgotten in time. */
async function session({ pool, ledger, chance }) {
  const session = pool.session(`session-${chance()}`);
  const calls = 1 + upTo(8, chance);
  for (let nth = 1; nth <= calls; nth += 1) {
    const tally = await ledger.call('session', () => session.call('tally'), {
      may: ['ok', 'session-lost'],
      isRight: (value) => value === nth,
    });
    if (tally === undefined) break;
    await pause(chance() * 10);
  }
  if (chance() < 0.9) session.close();
}

async function lease(use) {
  const { ledger, chance } = use;
  const lease = await acquire(use);
  if (lease === undefined) return;
  for (let nth = upTo(3, chance); nth > 0; nth -= 1) {
    await ledger.call('leased', () => lease.call('echo', nth), { isRight: (value) => value === nth });
  }
  if (chance() < 0.1) lease.destroy();
  else lease.release();
}

/** Its time is over before its call is answered. */
async function lateLease(use) {
  const lease = await acquire(use, { timeout: 30 });
  if (lease === undefined) return;
  await use.ledger.call('late lease', () => lease.call('wait', 2_000), { may: ['timeout'] });
  lease.release();
}

const acquire = ({ pool, ledger }, options) =>
  ledger.call('acquire', () => pool.acquire({ queueTimeout: 1_000, ...options }), { may: ['ok', 'timeout'] });

/** More than may wait. */
function burst({ pool, ledger, chance }) {
  const one = () => {
    const options = { queueTimeout: 50, priority: upTo(20, chance) - 10 };
    return ledger.call('burst', () => pool.call('echo', 'many', options), { may: ['ok', 'timeout'] });
  };
  return Promise.all(Array.from({ length: 60 }, one));
}
