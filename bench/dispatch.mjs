// Calls to two workers that do next to nothing, against the pools that people use: what a call costs beside its work.
import { availableParallelism, loadavg } from 'node:os';
import { interleave, median, round, temporaryDirectory } from './measure.mjs';
import { installPeers } from './peers.mjs';
import { startSubject } from './subject.mjs';
import { burn } from './subjects/dispatch-tasks.mjs';

const IN_FLIGHT = [1, 16, 256, 2_000];
const ROUNDS = 5;
const ROUND_MS = 200;
const WARM_UP = { task: 'first', inFlight: 256, ms: 500 };

const BUFFERS = { task: 'echo', inFlight: 8, ms: 300 };
const BUFFER_MB = 1;
const CPU = { task: 'burn', inFlight: 32, ms: 400 };
const CPU_TASK_MS = 5;
const FEW_ROUNDS = 3;

/** By name: what kind of pool it is, whose it is, and its options beside those for two workers. */
const POOLS = {
  'reeve, 1 task': ['ours', 'reeve', { tasksPerWorker: 1 }],
  'reeve, 1,024 tasks': ['ours', 'reeve', { tasksPerWorker: 1_024 }],
  piscina: ['threads', 'piscina', {}],
  'piscina, 16 tasks': ['threads', 'piscina', { concurrentTasksPerWorker: 16 }],
  tinypool: ['processes', 'tinypool', {}],
  'tinypool, 256 tasks': ['processes', 'tinypool', { concurrentTasksPerWorker: 256 }],
  'tinypool, 256 tasks, advanced': [
    'processes',
    'tinypool',
    { concurrentTasksPerWorker: 256, serialization: 'advanced' },
  ],
  workerpool: ['processes', 'workerpool', {}],
  'workerpool, advanced': ['processes', 'workerpool', { forkOpts: { serialization: 'advanced' } }],
  'jest-worker': ['processes', 'jest-worker', {}],
};
const NAMES = Object.keys(POOLS);

export async function bench() {
  installPeers();
  const [load] = loadavg();
  const subjects = await startSubjects();
  const asked = (question, names = NAMES) =>
    Object.fromEntries(names.map((name) => [name, () => subjects[name].ask(question)]));
  for (const warmUp of Object.values(asked(WARM_UP))) await warmUp();

  const rows = [];
  for (const inFlight of IN_FLIGHT) {
    const results = await interleave(ROUNDS, asked({ task: 'first', inFlight, ms: ROUND_MS }));
    for (const pool of NAMES) rows.push({ pool, kind: POOLS[pool][0], inFlight, ...middle(results[pool]) });
  }
  const buffers = await measureBuffers(asked);
  const cpu = await measureCpu(asked);
  await Promise.all(Object.values(subjects).map((subject) => subject.end()));
  return report(load, rows, buffers, cpu);
}

async function startSubjects() {
  const starting = NAMES.map(async (name) => {
    const [, library, options] = POOLS[name];
    const subject = await startSubject('dispatch', library, JSON.stringify(options), temporaryDirectory());
    return [name, subject];
  });
  return Object.fromEntries(await Promise.all(starting));
}

/** The rounds' median of calls a second; processor time, which is counted coarsely, over all of them. */
function middle(rounds) {
  const sum = (part) => rounds.reduce((total, each) => total + each[part], 0);
  return {
    callsPerSecond: round(median(rounds.map(({ callsPerSecond }) => callsPerSecond)), 1),
    cpuMicrosPerCall: round((sum('cpuMs') * 1_000) / sum('calls'), 2),
  };
}

async function measureBuffers(asked) {
  const becomes = {};
  for (const [name, ask] of Object.entries(asked('buffers'))) becomes[name] = await ask();
  const carriers = NAMES.filter((name) => becomes[name] === null);
  const results = await interleave(FEW_ROUNDS, asked(BUFFERS, carriers));
  const rows = NAMES.map((pool) => {
    if (becomes[pool] !== null) return { pool, kind: POOLS[pool][0], becomes: becomes[pool] };
    const speed = middle(results[pool]);
    const megabytesPerSecond = round(speed.callsPerSecond * 2 * BUFFER_MB, 1);
    return { pool, kind: POOLS[pool][0], ...speed, megabytesPerSecond };
  });
  return { megabytes: BUFFER_MB, inFlight: BUFFERS.inFlight, rows, ...ratios(rows) };
}

async function measureCpu(asked) {
  const steps = stepsFor(CPU_TASK_MS);
  const results = await interleave(FEW_ROUNDS, asked({ ...CPU, steps }));
  const rows = NAMES.map((pool) => ({ pool, kind: POOLS[pool][0], ...middle(results[pool]) }));
  return { taskMs: CPU_TASK_MS, inFlight: CPU.inFlight, rows, ...ratios(rows) };
}

/** How much work takes this long here, on a processor of its own. */
function stepsFor(ms) {
  const STEPS = 1_000_000;
  const times = Array.from({ length: 50 }, () => {
    const begun = performance.now();
    burn(STEPS);
    return performance.now() - begun;
  });
  return Math.round((STEPS * ms) / Math.min(...times));
}

/** Our better setting against the best of the process pools, and against piscina's better: in calls, in processor time. */
function ratios(rows) {
  const all = (kind, part) =>
    rows.filter((row) => row.kind === kind && row[part] !== undefined).map((row) => row[part]);
  const most = (kind) => Math.max(...all(kind, 'callsPerSecond'));
  const least = (kind) => Math.min(...all(kind, 'cpuMicrosPerCall'));
  return {
    ratioBestProcess: round(most('ours') / most('processes')),
    ratioPiscinaBest: round(most('ours') / most('threads')),
    cpuRatioBestProcess: round(least('processes') / least('ours')),
    cpuRatioPiscinaBest: round(least('threads') / least('ours')),
  };
}

function report(load, rows, buffers, cpu) {
  const at = IN_FLIGHT.map((inFlight) => [inFlight, ratios(rows.filter((row) => row.inFlight === inFlight))]);
  const by = (part) => Object.fromEntries(at.map(([inFlight, ratio]) => [inFlight, ratio[part]]));
  const ratioRow = (name, part) => [
    name,
    ...[...at.map(([, ratio]) => ratio), buffers, cpu].map((ratio) => `${ratio[part]} ×`),
  ];
  const lost = buffers.rows.filter(({ becomes }) => becomes !== undefined);
  return {
    table: {
      columns: [
        'calls a second, so many under way',
        ...IN_FLIGHT.map(String),
        `${BUFFER_MB} MB buffers`,
        `${CPU_TASK_MS} ms tasks`,
      ],
      rows: [
        ...NAMES.map((name) => tableRow(name, [...rows, ...buffers.rows, ...cpu.rows])),
        ratioRow('ours / best process pool', 'ratioBestProcess'),
        ratioRow("ours / piscina's better", 'ratioPiscinaBest'),
        ratioRow('processor time, best process pool / ours', 'cpuRatioBestProcess'),
        ratioRow("processor time, piscina's better / ours", 'cpuRatioPiscinaBest'),
      ],
    },
    notes: [
      'two workers each; piscina has threads, the others processes; both ways, buffers move twice their size a call',
      `${BUFFERS.inFlight} buffers and ${CPU.inFlight} tasks under way; medians of ${ROUNDS} and ${FEW_ROUNDS} interleaved rounds`,
      `load when it began: ${round(load, 1)} on ${availableParallelism()} processors. On a busy one Linux gives each session`,
      'its share, and each worker of ours is one: it gets more of what there is, and waits longer for its turn',
      ...lost.map(({ pool, becomes }) => `a Buffer given to ${pool} ${becomes}`),
    ],
    json: {
      rows,
      ratioBestProcess: by('ratioBestProcess'),
      ratioPiscinaBest: by('ratioPiscinaBest'),
      cpuRatioBestProcess: by('cpuRatioBestProcess'),
      cpuRatioPiscinaBest: by('cpuRatioPiscinaBest'),
      loadBefore: round(load),
      buffers,
      cpu,
    },
  };
}

function tableRow(name, rows) {
  const own = rows.filter(({ pool }) => pool === name);
  return [name, ...own.map(({ callsPerSecond }) => (callsPerSecond ? Math.round(callsPerSecond) : '-'))];
}
