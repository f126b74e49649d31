// Spawn and exit of /bin/true, 8 at a time: full workers against plain child processes, in a small and a large host.
import { interleave, median, round, temporaryDirectory } from './measure.mjs';
import { startSubject } from './subject.mjs';

const LARGE_MB = 1_536;
const SMALL = { rounds: 9, ours: 800, plain: 800 };
/** Plain spawning manages some 13 a second there. */
const LARGE = { rounds: 5, ours: 800, plain: 24 };

export async function bench() {
  const small = await compare(0, SMALL);
  const large = await compare(LARGE_MB, LARGE);
  const row = (name, { ours, plain, ratio, residentMb }) => [
    `${name} host, ${Math.round(residentMb)} MB resident`,
    Math.round(ours),
    round(plain, plain < 100 ? 1 : 0),
    `${round(ratio, ratio < 10 ? 2 : 0)} ×`,
  ];
  return {
    table: {
      columns: ['spawned and exited, a second', 'reeve', 'plain', 'ratio'],
      rows: [row('small', small), row('large', large)],
    },
    notes: [
      `event-loop delay of the large host, p99: ${round(large.loopDelayP99Ms)} ms (sampled every 1 ms, which is in it)`,
      'reeve: workers with records, under a supervisor; plain: child_process.spawn with three pipes, until close',
      `medians of ${SMALL.rounds} and ${LARGE.rounds} alternating rounds, each side in a process of its own`,
    ],
    json: {
      ratioSmall: round(small.ratio, 3),
      ratioLarge: round(large.ratio, 1),
      loopDelayP99MsLarge: round(large.loopDelayP99Ms, 3),
      oursSmallPerSecond: round(small.ours, 1),
      plainSmallPerSecond: round(small.plain, 1),
      oursLargePerSecond: round(large.ours, 1),
      plainLargePerSecond: round(large.plain, 1),
      loopDelayP99MsSmall: round(small.loopDelayP99Ms, 3),
      loopDelayResolutionMs: 1,
      residentMbLarge: Math.round(large.residentMb),
      atATime: 8,
    },
  };
}

async function compare(megabytes, { rounds, ours: oursCount, plain: plainCount }) {
  const ours = await startSubject('spawn-ours', megabytes, temporaryDirectory());
  const plain = await startSubject('spawn-plain', megabytes);
  let warm = false;
  const results = await interleave(rounds, {
    ours: () => {
      const warmUp = !warm;
      warm = true;
      return ours.ask({ count: oursCount, warmUp });
    },
    plain: () => plain.ask({ count: plainCount }),
  });
  await Promise.all([ours.end(), plain.end()]);
  const perSecond = (side) => median(results[side].map((result) => result.perSecond));
  const last = results.ours.at(-1);
  return {
    ours: perSecond('ours'),
    plain: perSecond('plain'),
    ratio: perSecond('ours') / perSecond('plain'),
    loopDelayP99Ms: last.loopDelayP99Ms,
    residentMb: Math.min(last.residentMb, results.plain.at(-1).residentMb),
  };
}
