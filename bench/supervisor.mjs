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
  const [supervised, worker, spawner] = await restarts();
  const seconds = (times) => round(times.total / 1_000);
  const row = (name, times) => [
    name,
    ...['start', 'crash', 'stop', 'total'].map((part) => round(times[part] / 1_000)),
  ];
  const timeRatio10x = crowd.many.total / crowd.few.total;
  const restartCpuMs = supervised - worker;
  return {
    table: {
      columns: ['seconds, on the simulated kernel', 'start', 'each crashes', 'stop', 'total'],
      rows: [row(`${FEW} dynamic children`, crowd.few), row(`${MANY} dynamic children`, crowd.many)],
    },
    notes: [
      `ten times the children take ${round(timeRatio10x, 1)} times as long`,
      `a supervised real worker takes ${round(heapPerWorkerKB, 1)} KB of the host's heap (${WORKERS} × sleep)`,
      `a restart takes ${round(supervised, 3)} ms of the host's processor time under a supervisor,`,
      `${round(worker, 3)} with a worker's machine alone, ${round(spawner, 3)} with the spawner alone`,
    ],
    json: {
      timeRatio10x: round(timeRatio10x, 2),
      fewSeconds: seconds(crowd.few),
      manySeconds: seconds(crowd.many),
      heapPerWorkerKB: round(heapPerWorkerKB, 2),
      restartCpuMs: round(restartCpuMs, 3),
      supervisedCpuMs: round(supervised, 3),
      workerAloneCpuMs: round(worker, 3),
      spawnerAloneCpuMs: round(spawner, 3),
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

/** Milliseconds of processor time, by who restarts. */
async function restarts() {
  const kinds = ['supervised', 'worker-alone', 'spawner-alone'];
  const subjects = await Promise.all(
    kinds.map((kind) => startSubject('supervisor-restarts', temporaryDirectory(), kind)),
  );
  const asks = kinds.map((kind, index) => [kind, () => subjects[index].ask({ restarts: RESTARTS })]);
  const times = await interleave(RESTART_ROUNDS, Object.fromEntries(asks));
  await Promise.all(subjects.map((subject) => subject.end()));
  return kinds.map((kind) => median(times[kind]) / 1_000);
}
