/** What forks for a run, and what of it is written down and told. */
import type { EventBus } from '../events.ts';
import type { ForkerEvent, Spawner } from '../os/os.ts';
import { fifoDirectory, socketPath } from '../registry/run-paths.ts';
import type { RunRegistry } from '../registry/run-registry.ts';
import type { HostSettings } from './options.ts';

/** Rejects with a `ForkerError` when none can be had. */
export async function openSpawner(
  { os, spawner: kind, stateDirectory, orphanGrace }: HostSettings,
  runId: string,
  registry: RunRegistry,
  events: EventBus,
): Promise<Spawner> {
  const onForker = (event: ForkerEvent): void => {
    if (event.type === 'started') {
      registry.setForker(event.identity);
      events.emit({ type: 'forker.started', pid: event.identity.pid, ms: event.ms });
    } else if (event.type === 'lost') {
      const { identity, workers, cause } = event;
      events.emit({ type: 'forker.lost', pid: identity.pid, workers, cause });
    } else {
      events.emit({ ...event, type: 'host.left-behind' });
    }
  };
  return os.processes.openSpawner({
    kind,
    runId,
    orphanGrace,
    socketPath: socketPath(stateDirectory, runId),
    fifoDirectory: fifoDirectory(stateDirectory, runId),
    runFile: registry.path,
    onForker,
  });
}
