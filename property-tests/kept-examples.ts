/** The lives that once broke something, as short as they get. Each was found by chance, and is lived again for ever. */
import type { ChildPlan, GenerationPlan, LifetimePlan } from '../src/sim/plan.ts';

export interface KeptExample {
  /** What was wrong. */
  readonly found: string;
  readonly plan: LifetimePlan;
}

const child = (command: string, rest: Partial<ChildPlan> = {}): ChildPlan => ({
  command,
  restart: 'permanent',
  shutdown: 'quick',
  ready: 'spawn',
  ...rest,
});

const generation = (rest: Partial<GenerationPlan>): GenerationPlan => ({
  spawner: 'forker',
  ordered: true,
  impostors: false,
  intensity: 10,
  children: [],
  steps: [],
  crash: undefined,
  ...rest,
});

export const KEPT_EXAMPLES: readonly KeptExample[] = [
  {
    found: 'a birth that was ordered from a forker lost meanwhile waited for ever',
    plan: {
      seed: 1_050,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          intensity: 1_000,
          children: [
            child('forks-stubborn', { restart: 'temporary', shutdown: 'default' }),
            child('obeys', { restart: 'transient' }),
            child('ready-twice', { restart: 'transient', shutdown: 'brutal_kill', ready: 'notify' }),
            child('scrubbed-session', { restart: 'temporary' }),
          ],
          steps: [
            { after: 200, deed: 'kill-worker' },
            { after: 1_500, deed: 'kill-and-stop' },
          ],
        }),
        generation({
          children: [child('forks-stubborn'), child('scrubbed-session', { restart: 'transient' })],
          steps: [{ after: 30, deed: 'kill-forker' }],
        }),
      ],
    },
  },
  {
    found: 'a forker whose line broke removed the traces of its living host',
    plan: {
      seed: 245,
      pidMax: 32,
      tick: 10,
      userId: 0,
      generations: [
        generation({ children: [child('slow-to-stop')] }),
        generation({
          intensity: 1_000,
          children: [child('slow-to-stop')],
          steps: [
            { after: 30, deed: 'cut-line' },
            { after: 200, deed: 'stop-forker' },
          ],
        }),
      ],
    },
  },
  {
    found: "a stop that met a worker's own death left what the worker had put outside its group",
    plan: {
      seed: 7_956,
      pidMax: 64,
      tick: 10,
      userId: 1_000,
      generations: [
        generation({
          intensity: 1_000,
          children: [child('double-forks-stubborn', { restart: 'transient' })],
          steps: [
            { after: 0, deed: 'stop-at-birth' },
            { after: 1_500, deed: 'stop-at-birth' },
          ],
        }),
      ],
    },
  },
  {
    found: "a session's number, used again in one tick, was taken for the dead leader's session",
    plan: {
      seed: 3_181,
      pidMax: 32,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          impostors: true,
          intensity: 1_000,
          children: [
            child('double-forks-stubborn', { shutdown: 'brutal_kill' }),
            child('crashes', { restart: 'transient', shutdown: 'brutal_kill' }),
          ],
          steps: [
            { after: 5, deed: 'disk-heals' },
            { after: 0, deed: 'stop-at-birth' },
            { after: 30, deed: 'strangers' },
            { after: 5, deed: 'stop-host' },
          ],
        }),
      ],
    },
  },
  {
    found: 'who was born in a group in the tick of its signal was not told until the next stage',
    plan: {
      seed: 3_846,
      pidMax: 32,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          children: [
            child('ends-well', { restart: 'temporary', shutdown: 'brutal_kill' }),
            child('fork-storm', { restart: 'transient', shutdown: 'default' }),
            child('fork-storm', { restart: 'temporary' }),
          ],
          steps: [{ after: 200, deed: 'cut-line' }],
        }),
      ],
    },
  },
  {
    found: 'what a failing disk did not take was written at the next change only',
    plan: {
      seed: 88,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          children: [child('obeys', { shutdown: 'default' })],
          steps: [
            { after: 0, deed: 'strangers' },
            { after: 30, deed: 'disk-fails' },
          ],
        }),
      ],
    },
  },
];
