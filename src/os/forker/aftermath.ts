/** What lost forkers had started: their host ends it in their place, and keeps account of what it has not ended yet. */
import type { Known } from '../census.ts';
import { clear } from '../clear.ts';
import type { ClearingTools } from '../clearing.ts';
import { identityOf, type ProcessIdentity, sameProcess } from '../identity.ts';
import type { Birth } from './birth.ts';

export interface AftermathOptions {
  readonly tools: ClearingTools;
  readonly runId: string;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly orphanGrace: number;
}

export class Aftermath {
  readonly #options: AftermathOptions;
  /** Those of them whom nobody else can be taken for; undefined when nothing is to be ended. */
  #known: readonly Known[] | undefined;
  /** What outlived SIGKILL. */
  readonly #left: ProcessIdentity[] = [];

  constructor(options: AftermathOptions) {
    this.#options = options;
  }

  /** A forker was lost that had started these: they are to be ended, with whatever else carries the run's mark. */
  begin(births: readonly Birth[]): void {
    // Whoever is too young might share its start time with whoever has its pid by now: it goes by its mark.
    const known = births.flatMap(({ identity, phase, settled }) =>
      identity !== undefined && phase === 'alive' && settled ? [{ ...identity, session: identity.pid }] : [],
    );
    this.#known = [...(this.#known ?? []), ...known];
  }

  /** Something may be alive that is to be ended: nothing may be born beside it. */
  get isPending(): boolean {
    return this.#known !== undefined;
  }

  /**
   * Ends what is to be ended, while no forker of the run is there. Resolves with the pids of what SIGKILL did not end;
   * rejects when processes cannot be listed, and then all of it is to be ended still.
   */
  async clear(): Promise<readonly number[]> {
    if (this.#known === undefined) return [];
    const { tools, runId, orphanGrace } = this.#options;
    const claim = { runId, workerId: undefined, known: this.#known };
    const left = await clear(tools, { claim, emptyLooks: 2 }, orphanGrace);
    this.#known = undefined;
    this.#left.push(...left.map(identityOf));
    return left.map(({ pid }) => pid);
  }

  /** What outlived SIGKILL and lives still, or cannot be looked at. */
  async left(): Promise<readonly number[]> {
    const { kernel } = this.#options.tools;
    const mayLive = async (was: ProcessIdentity): Promise<boolean> => {
      try {
        const is = await kernel.sight(was.pid);
        return is !== undefined && !is.zombie && sameProcess(was, is);
      } catch {
        return true;
      }
    };
    const living = await Promise.all(this.#left.map(mayLive));
    const pids = this.#left.filter((_, index) => living[index]).map(({ pid }) => pid);
    return [...new Set(pids)]; // one forker after the other may have left the same
  }
}
