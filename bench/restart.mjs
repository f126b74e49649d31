// From SIGKILL of a worker to its successor's fork: a supervised worker against a bare restart in an 'exit' handler.
import { interleave, percentile, round, temporaryDirectory } from './measure.mjs';
import { startSubject } from './subject.mjs';

const ROUNDS = 300;
/** Milliseconds between a start and its kill: nothing of the start is left to do then. */
const PAUSE = 15;

export async function bench() {
  const ours = await startSubject('restart-ours', temporaryDirectory());
  const bare = await startSubject('restart-bare');
  const times = await interleave(ROUNDS, {
    ours: () => ours.ask({ pause: PAUSE }),
    bare: () => bare.ask({ pause: PAUSE }),
  });
  await Promise.all([ours.end(), bare.end()]);
  const p = (side, share) => percentile(times[side], share);
  const ratio = p('ours', 0.5) / p('bare', 0.5);
  const row = (name, side) => [name, ...[0.5, 0.9, 0.99].map((share) => round(p(side, share)))];
  return {
    table: {
      columns: ['milliseconds from SIGKILL to the next fork', 'p50', 'p90', 'p99'],
      rows: [
        row('reeve: permanent child of a supervisor', 'ours'),
        row("bare: spawn in an 'exit' handler", 'bare'),
      ],
    },
    notes: [
      `ratio of the medians: ${round(ratio)}`,
      `${ROUNDS} kills each, alternating; backoff off; the next pid is known to the host, its record is on disk`,
    ],
    json: {
      ratio: round(ratio, 3),
      oursMs: round(p('ours', 0.5), 3),
      bareMs: round(p('bare', 0.5), 3),
      oursP90Ms: round(p('ours', 0.9), 3),
      bareP90Ms: round(p('bare', 0.9), 3),
      kills: ROUNDS,
    },
  };
}
