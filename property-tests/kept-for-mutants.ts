/** Lives that a planted bug breaks which chance seldom comes upon: each is a story in which only one thing tells. */
import { child, generation, type KeptExample, life, step } from './kept-life.ts';

export const KEPT_FOR_MUTANTS: readonly KeptExample[] = [
  {
    found:
      'a stranger has taken the pid of a worker that had lost its forker, in its own tick: its mark alone tells',
    plan: life(76, { tick: 1_000, pidMax: 40 }, [
      generation({
        impostors: true,
        children: [child('obeys'), child('obeys'), child('ignores-term'), child('obeys')],
        steps: [step(60, 'kill-both'), step(0, 'second-host'), step(200, 'second-host')],
      }),
    ]),
  },
  {
    found:
      'a stranger has the pid, start time and session of a worker from before the power went: the boot alone tells',
    plan: life(653, { tick: 1_000 }, [
      generation({
        children: [child('obeys'), child('obeys'), child('obeys')],
        steps: [
          step(1_500, 'disk-heals'),
          step(1_500, 'disk-heals'),
          step(1_500, 'reboot'),
          step(0, 'strangers'),
        ],
      }),
      generation({ children: [child('obeys')] }),
    ]),
  },
];
