// The summary of the job, and whether it adds up.

const grouped = (number) => number.toLocaleString('en');

/**
 * @param index what the workers have found, as `plain` what was counted without them: lines, words, bytes, digest
 * @param pools those that did it, each with one call for each file
 */
export function summaryOf({ files, index, plain, pools, told }) {
  const checks = [
    ...['lines', 'words', 'bytes', 'digest'].map((what) => [`the ${what}`, index[what] === plain[what]]),
    ...pools.flatMap((pool) => {
      const { calls, workers, queued, running } = pool.stats();
      const lasting = pool.workers().length;
      return [
        [`${pool.name}: a call for each file`, calls.made === files.length],
        [`${pool.name}: every call answered`, calls.ok === calls.made && queued + running === 0],
        [`${pool.name}: as many workers as before`, workers.started - workers.lost === lasting],
      ];
    }),
  ];
  const wrong = checks.filter(([, holds]) => !holds).map(([what]) => what);
  const { lines, words, bytes } = index;
  return {
    addsUp: wrong.length === 0,
    lines: [
      '',
      `${files.length} files, ${grouped(lines)} lines, ${grouped(words)} words, ${grouped(bytes)} bytes`,
      ...pools.map(poolLine),
      `meanwhile in the village: ${told.visits()} visits to its API`,
      wrong.length === 0
        ? `it adds up: a plain count in the host finds the same, digest ${index.digest.slice(0, 12)}…`
        : `IT DOES NOT ADD UP: ${wrong.join('; ')}`,
    ],
  };
}

function poolLine(pool) {
  const { calls, workers } = pool.stats();
  const again = workers.started - pool.workers().length;
  return [
    `${pool.name}:`.padEnd(9),
    `${calls.made} calls made, ${calls.ok} ok, ${calls.failed} failed, ${calls.retried} retried;`,
    `workers: ${workers.lost} lost, ${again} started again`,
  ].join(' ');
}
