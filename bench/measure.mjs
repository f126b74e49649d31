// What every benchmark needs: medians, a table, a place to work in, and an end that leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param share 0.5 is the median. Nearest rank. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const round = (value, digits = 2) => Number(value.toFixed(digits));

/**
 * Runs each of `sides` once per round, in turn, so that a noisy moment falls on all of them; the order alternates, and
 * the first round only warms up. Returns the results by side.
 */
export async function interleave(rounds, sides) {
  const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let count = 0; count <= rounds; count += 1) {
    const order = Object.entries(sides);
    if (count % 2 === 1) order.reverse();
    for (const [name, run] of order) {
      const result = await run();
      if (count > 0) results[name].push(result);
    }
  }
  return results;
}

/** @param report `{ table: { columns, rows }, notes, json }` */
export function print({ table: { columns, rows }, notes, json }, asJson) {
  const lines = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  console.log('');
  for (const line of lines) {
    const cells = line.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]),
    );
    console.log(`  ${cells.join('   ')}`);
  }
  console.log('');
  for (const note of notes) console.log(`  ${note}`);
  if (asJson) console.log(JSON.stringify(json));
}

const actions = new Set();

/** Runs `action`, which must not wait, however this process ends; returns how to take it back. */
export function atEnd(action) {
  if (actions.size === 0) {
    process.on('exit', () => {
      for (const each of actions) each();
    });
    for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
      process.once(signal, () => process.exit(code));
    }
  }
  actions.add(action);
  return () => void actions.delete(action);
}

/** A state directory of this benchmark's own, gone when it ends. */
export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
