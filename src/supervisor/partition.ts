/** One supervisor for each partition of the keys, as Elixir's PartitionSupervisor: who would be too busy alone is many. */
import { OptionsError } from '../errors.ts';
import { show } from '../worker/option-reader.ts';
import type { SupervisorOptions } from './supervisor-spec.ts';

export type PartitionKey = string | number | bigint;

const MOST_PARTITIONS = 10_000;

/**
 * Options of a supervisor whose children are `count` supervisors of this spec, with the ids `0` to `count - 1`; its own
 * id is the spec's. `supervisor.partition(key)` finds the one of a key. Throws an `OptionsError`.
 * @param count from 1 to 10,000 @param flags of the supervisor above them, which is one_for_one
 */
export function partition(
  count: number,
  spec: SupervisorOptions,
  flags: Pick<SupervisorOptions, 'intensity' | 'period' | 'shutdown'> = {},
): SupervisorOptions {
  if (!Number.isInteger(count) || count < 1 || count > MOST_PARTITIONS) {
    throw new OptionsError(
      'count',
      `expected a whole number from 1 to ${MOST_PARTITIONS}, got ${show(count)}`,
    );
  }
  if (typeof spec !== 'object' || spec === null) {
    throw new OptionsError('spec', `expected an object, got ${show(spec)}`);
  }
  if ((spec.autoShutdown ?? 'never') !== 'never') {
    throw new OptionsError(
      'spec.autoShutdown',
      "must be 'never': a partition that ends would leave its keys to nobody",
    );
  }
  const { id } = spec;
  const children = Array.from({ length: count }, (_, index) => ({
    ...spec,
    type: 'supervisor' as const,
    id: String(index),
  }));
  return { ...flags, id, ordered: false, children };
}

/** Whole numbers go round in circles; of others a hash decides, which is the same on every machine. */
export function partitionOf(key: PartitionKey, count: number): number {
  if (typeof key === 'bigint') return Number((key < 0n ? -key : key) % BigInt(count));
  if (typeof key === 'number' && Number.isSafeInteger(key)) return Math.abs(key) % count;
  return hash(String(key)) % count;
}

/** FNV-1a, of 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    value ^= byte;
    value = Math.imul(value, 0x01000193) >>> 0;
  }
  return value;
}
