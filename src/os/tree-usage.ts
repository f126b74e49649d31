/** How much memory a worker takes with all that it has forked. */
import type { SharedCensus } from './census.ts';
import type { Processes } from './os.ts';

/** Bytes of memory (RSS; pages that several share count for each). Undefined when nothing of it lives. */
export async function treeMemory(
  processes: Pick<Processes, 'usage'>,
  census: SharedCensus,
  worker: { readonly runId: string; readonly workerId: string },
): Promise<number | undefined> {
  const members = (await census.take()).covered({ ...worker, known: [] });
  const usages = await Promise.all(members.map(({ pid }) => processes.usage(pid)));
  const found = usages.filter((usage) => usage !== undefined);
  return found.length === 0 ? undefined : found.reduce((sum, { memory }) => sum + memory, 0);
}
