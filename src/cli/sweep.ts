/** `reeve sweep`: ends what dead runs left behind, or says what it would end. */
import { nodeOs } from '../os/node-os.ts';
import { type SweepReport, type SweptRun, sweep as sweepRuns } from '../registry/sweep.ts';
import { table } from './table.ts';

export interface SweepCommandOptions {
  readonly stateDirectory: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Exits with 1 when something is left of a dead run: not proven to be its, or not to be ended. */
export async function sweep({ stateDirectory, dryRun, json }: SweepCommandOptions): Promise<void> {
  const report = await sweepRuns({ os: nodeOs(), stateDirectory, ownRunId: undefined, dryRun });
  console.log(json ? JSON.stringify(report) : describeSweep(report));
  if (report.runs.some(({ outcome }) => outcome === 'kept')) process.exitCode = 1;
}

export function describeSweep({ runs }: SweepReport): string {
  if (runs.length === 0) return 'no other runs';
  return runs.map(describeRun).join('\n');
}

function describeRun({ runId, name, host, outcome, processes, notes }: SweptRun): string {
  const owner = host.pid === null ? 'host unknown' : `host ${host.pid}`;
  const lines = [`${name === '' ? '?' : name}  ${runId}  ${owner}  ${OUTCOMES[outcome]}`];
  const rows = processes.map(({ id, pid, verdict, action, evidence }) => [
    `  ${id}`,
    pid === null ? '-' : String(pid),
    verdict,
    action,
    evidence,
  ]);
  if (rows.length > 0) lines.push(table(rows));
  return [...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

const OUTCOMES: Record<SweptRun['outcome'], string> = {
  alive: 'alive: not touched',
  elsewhere: 'on another machine or in another pid namespace: not touched',
  'other-version': 'of another version: not touched',
  cleared: 'dead: cleared, nothing is left',
  kept: 'dead: something is left, its record is kept',
  'would-clear': 'dead: would be cleared',
};
