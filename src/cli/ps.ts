/** `reeve ps`: the runs that the registry knows, and their workers. */
import { nodeOs } from '../os/node-os.ts';
import { type ListedRun, listRuns } from '../registry/list-runs.ts';
import { count, table } from './table.ts';

export interface PsOptions {
  readonly stateDirectory: string;
  readonly json: boolean;
}

export async function ps({ stateDirectory, json }: PsOptions): Promise<void> {
  const { runs, unreadable } = await listRuns(nodeOs(), stateDirectory);
  if (json) {
    console.log(JSON.stringify({ runs: runs.map(({ verdict: _, ...run }) => run) }));
    return;
  }
  for (const path of unreadable) console.error(`reeve: ${path} cannot be read; 'reeve sweep' deals with it`);
  if (runs.length === 0) console.log('no runs');
  for (const run of runs) console.log(describe(run));
}

function describe({ runId, name, host, verdict, workers }: ListedRun): string {
  const life = verdict === 'dead' ? "dead: 'reeve sweep' ends what is left of it" : verdict;
  const head = `${name}  ${runId}  host ${host.pid} ${life}  ${count(workers.length, 'worker')}`;
  if (workers.length === 0) return head;
  const rows = workers.map(({ path, pid, state, command }) => [
    `  ${path}`,
    pid === null ? '-' : String(pid),
    state,
    command,
  ]);
  return `${head}\n${table(rows)}`;
}
