/** A command that is run to see whether a worker is ready: a process of ours like any other, with a record of its own. */
import type { OsProcess, OsProcessEvent, SpawnRequest } from '../os/os.ts';
import type { ReservedRecord } from '../registry/run-file.ts';
import type { Probe } from './readiness.ts';
import type { WorkerRuntime } from './worker-runtime.ts';

export type ProbeRecord = Omit<ReservedRecord, 'state'>;

/**
 * Succeeds when it exits with 0; has failed only when nothing is left of it, for another try may follow at once.
 * @param request what to run; its `workerId` marks it, and names its record
 */
export function runProbe(
  { registry, spawner }: WorkerRuntime,
  request: SpawnRequest,
  record: ProbeRecord,
): Probe & { readonly over: Promise<void> } {
  let process: OsProcess | undefined;
  let cancelled = false;
  let tellSuccess: (succeeded: boolean) => void = () => {};
  let tellOver: () => void = () => {};
  const succeeded = new Promise<boolean>((resolve) => {
    tellSuccess = resolve;
  });
  const over = new Promise<void>((resolve) => {
    tellOver = () => {
      registry.release(record.workerId);
      tellSuccess(false); // unless it was told otherwise before
      resolve();
    };
  });
  const heard = (event: OsProcessEvent): void => {
    switch (event.type) {
      case 'os.spawned':
        registry.activate(record.workerId, event.identity);
        if (cancelled) process?.signal('SIGKILL');
        break;
      case 'os.settled':
        registry.update(record.workerId, { settled: true });
        break;
      case 'os.exited':
        if (event.code === 0) tellSuccess(true);
        if (event.treeEmpty) tellOver();
        else process?.signal('SIGKILL'); // what it left behind is of no use to anybody
        break;
      case 'os.forkerLost':
        break; // the end of its tree follows
      default:
        tellOver();
    }
  };
  registry.reserve(record).then(() => {
    if (cancelled) tellOver();
    else process = spawner.spawn(request, heard);
  }, tellOver);
  return {
    succeeded,
    over,
    cancel() {
      cancelled = true;
      process?.signal('SIGKILL');
    },
  };
}
