/** One process as the host's side of the forker knows it, from its order to the end of its tree. */
import type { SpawnFailure } from '../../errors.ts';
import type { ClearingTools } from '../clearing.ts';
import type { ProcessIdentity } from '../identity.ts';
import type { OsProcessEvent, SpawnRequest, Streams } from '../os.ts';
import { whenSettled } from '../settle.ts';
import type { HostEnd } from './supply.ts';

export class Birth {
  readonly id: number;
  readonly request: SpawnRequest;
  readonly listener: (event: OsProcessEvent) => void;
  /** `ordered` until the forker answers; only then is there, perhaps, a process. */
  phase: 'waiting' | 'ordered' | 'alive' | 'exited' = 'waiting';
  identity: ProcessIdentity | undefined;
  /** Nobody else can have its identity: whoever is seen under it may be signalled without a mark. */
  settled = false;
  /** Its tree is empty when the forker has said so, after the signal. */
  signalled = false;
  ends: readonly HostEnd[] = [];
  #stopSettling: () => void = () => {};

  constructor(id: number, request: SpawnRequest, listener: (event: OsProcessEvent) => void) {
    this.id = id;
    this.request = request;
    this.listener = listener;
  }

  /** @param forker the pid of its parent */
  forked(identity: ProcessIdentity, streams: Streams, tools: ClearingTools, forker: number): void {
    this.phase = 'alive';
    this.identity = identity;
    this.#stopSettling = whenSettled(tools, identity, forker, () => {
      this.settled = true;
      this.listener({ type: 'os.settled' });
    });
    this.listener({ type: 'os.spawned', identity, streams });
  }

  failed(failure: SpawnFailure): void {
    for (const end of this.ends) end.destroy();
    this.listener({ type: 'os.spawnFailed', failure });
  }

  exited(event: Extract<OsProcessEvent, { type: 'os.exited' }>): void {
    this.phase = 'exited';
    this.#stopSettling();
    this.listener(event);
  }

  /** Its forker died, and nobody will tell of its own end. */
  orphaned(): void {
    this.#stopSettling();
    if (this.phase !== 'ordered') this.listener({ type: 'os.forkerLost' });
  }
}
