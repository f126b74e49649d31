// Supervisors at scale: thousands of dynamic children on the simulated kernel, the heap of real workers, a restart's cost.
import { interleave, median, round, temporaryDirectory } from './measure.mjs';
import { startSubject } from './subject.mjs';

const FEW = 1_000;
const MANY = 10_000;
const CROWD_ROUNDS = 3;
const WORKERS = 500;
const RESTARTS = 200;
const RESTART_ROUNDS = 5;

export async function bench() {
  const crowd = await crowds();
  const heap = await startSubject('supervisor-heap', temporaryDirectory());
  const heapPerWorkerKB = (await heap.ask({ workers: WORKERS })) / WORKERS / 1_024;
  await heap.end();
  const { supervised, byHand } = await restarts();
  const seconds = (times) => round(times.total / 1_000);
  const row = (name, times) => [
    name,
    ...['start', 'crash', 'stop', 'total'].map((part) => round(times[part] / 1_000)),
  ];
  const timeRatio10x = crowd.many.total / crowd.few.total;
  const restartCpuMs = (supervised - byHand) / 1_000;
  return {
    table: {
      columns: ['seconds, on the simulated kernel', 'start', 'each crashes', 'stop', 'total'],
      rows: [row(`${FEW} dynamic children`, crowd.few), row(`${MANY} dynamic children`, crowd.many)],
    },
    notes: [
      `ten times the children take ${round(timeRatio10x, 1)} times as long`,
      `a supervised real worker takes ${round(heapPerWorkerKB, 1)} KB of the host's heap (${WORKERS} × sleep)`,
      `a restart takes ${round(supervised / 1_000, 3)} ms of the host's processor time, ${round(byHand / 1_000, 3)} by hand on the same spawner`,
    ],
    json: {
      timeRatio10x: round(timeRatio10x, 2),
      fewSeconds: seconds(crowd.few),
      manySeconds: seconds(crowd.many),
      heapPerWorkerKB: round(heapPerWorkerKB, 2),
      restartCpuMs: round(restartCpuMs, 3),
      supervisedCpuMs: round(supervised / 1_000, 3),
      byHandCpuMs: round(byHand / 1_000, 3),
    },
  };
}

async function crowds() {
  const subject = await startSubject('supervisor-crowd');
  const times = await interleave(CROWD_ROUNDS, {
    few: () => subject.ask({ children: FEW }),
    many: () => subject.ask({ children: MANY }),
  });
  await subject.end();
  return { few: middle(times.few), many: middle(times.many) };
}

/** Each part's median, and that of their sums. */
function middle(rounds) {
  const of = (part) => median(rounds.map(part));
  return {
    start: of(({ start }) => start),
    crash: of(({ crash }) => crash),
    stop: of(({ stop }) => stop),
    total: of(({ start, crash, stop }) => start + crash + stop),
  };
}

async function restarts() {
  const [supervised, byHand] = [
    await startSubject('supervisor-restarts', temporaryDirectory(), 'supervised'),
    await startSubject('supervisor-restarts', temporaryDirectory(), 'by-hand'),
  ];
  const times = await interleave(RESTART_ROUNDS, {
    supervised: () => supervised.ask({ restarts: RESTARTS }),
    byHand: () => byHand.ask({ restarts: RESTARTS }),
  });
  await Promise.all([supervised.end(), byHand.end()]);
  return { supervised: median(times.supervised), byHand: median(times.byHand) };
}
