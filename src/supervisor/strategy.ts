/** OTP's strategies: whom the restart of one child concerns. */

/**
 * `one_for_one`: that child alone · `one_for_all`: all children · `rest_for_one`: it and those started after it ·
 * `simple_one_for_one`: as one_for_one, for any number of children of one kind, the only spec being their template ·
 * `dynamic`: as one_for_one, for children that come and go, each with a spec of its own (Elixir's DynamicSupervisor).
 */
export const STRATEGIES = [
  'one_for_one',
  'one_for_all',
  'rest_for_one',
  'simple_one_for_one',
  'dynamic',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Its children come by `startChild`, have no order, and are gone when they end for good. */
export const isDynamic = (strategy: Strategy): boolean =>
  strategy === 'simple_one_for_one' || strategy === 'dynamic';

/** Its children stand and fall together: it does one thing at a time. */
export const isGroup = (strategy: Strategy): boolean =>
  strategy === 'one_for_all' || strategy === 'rest_for_one';

/** Those that are stopped and started with `failed`, itself included, in the order of their start. @param ids all of them */
export function concernedBy(
  strategy: Strategy,
  ids: () => readonly string[],
  failed: string,
): readonly string[] {
  if (strategy === 'one_for_all') return ids();
  return strategy === 'rest_for_one' ? ids().slice(ids().indexOf(failed)) : [failed];
}
