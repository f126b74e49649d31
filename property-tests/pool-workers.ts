/** The workers of a pool, as a plan has them born: what each does before it serves, and what it does with its calls. */
import type { ServesOptions } from '../src/os/sim/serving-options.ts';
import { type Program, programs } from '../src/sim/index.ts';
import type { PoolJudge } from './pool-judge.ts';
import type { Ask, BirthKind, PoolPlan } from './pool-plan.ts';

export const START_TIMEOUT_MS = 1_000;
/** What it is asked before it gets calls. */
export const WARM_UP = 'warm';
/** Bytes that each call leaves behind. */
const LEAKS = 256 * 1_024;

const BEHAVIOURS: Readonly<Record<BirthKind, (well: ServesOptions) => Program>> = {
  well: (well) => programs.serves(well),
  slow: (well) => programs.serves({ ...well, readyAfter: START_TIMEOUT_MS / 2 }),
  late: (well) => programs.serves({ ...well, readyAfter: START_TIMEOUT_MS * 2 }),
  'exits-before-ready': (well) => programs.serves({ ...well, exits: 'before-ready', readyAfter: 5 }),
  'exits-when-ready': (well) => programs.serves({ ...well, exits: 'when-ready' }),
  'dies-soon': (well) => programs.both(programs.serves(well), programs.exitsAfter(30)),
  'hangs-in-warm-up': (well) => programs.serves(well), // see `born`
  closes: (well) => programs.both(programs.serves(well), (self) => self.after(30, () => self.closeStreams())),
};

export class PoolWorkers {
  readonly #plan: PoolPlan;
  readonly #judge: PoolJudge;
  #births = 0;
  /** Nothing goes wrong any more. */
  isCalm = false;
  /** Its first workers are ready. */
  isOpen = false;

  constructor(plan: PoolPlan, judge: PoolJudge) {
    this.#plan = plan;
    this.#judge = judge;
  }

  /** Whoever is born now. */
  born(): Program {
    const { births, opensWell, savesSessions } = this.#plan;
    const isFirst = !this.isOpen && opensWell;
    const kind = this.isCalm || isFirst ? 'well' : (births[this.#births] ?? 'well');
    if (!isFirst) this.#births += 1;
    const hangs = kind === 'hangs-in-warm-up';
    return BEHAVIOURS[kind]({
      sessions: savesSessions,
      each: (call, { process }) => {
        const asked = this.#judge.hears(call, process);
        if (asked === undefined) return { after: 1 };
        const { deed, times, ms, items, ignoresCancel } = call.params as Ask;
        const isOver = asked.heard.length > times || (this.isCalm && deed !== 'forgets');
        return {
          after: ms,
          items: call.stream ? items : 0,
          ignoresCancel,
          leaks: LEAKS,
          deed: hangs && call.method === WARM_UP ? 'hangs' : isOver ? 'answers' : deed,
        };
      },
      answered: (call, { process }) => this.#judge.answers(call, process),
    });
  }
}
