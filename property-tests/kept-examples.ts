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
  {
    found: 'a process that its mark had proven stayed known in its tick after it had died',
    plan: {
      seed: 1_118,
      pidMax: 64,
      tick: 1_000,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          children: [child('obeys', { restart: 'temporary', shutdown: 'default' })],
          steps: [
            { after: 30, deed: 'kill-child' },
            { after: 0, deed: 'cut-line' },
            { after: 5, deed: 'second-host' },
            { after: 1_500, deed: 'kill-forker' },
          ],
        }),
        generation({
          spawner: 'direct',
          impostors: true,
          intensity: 3,
          children: [child('obeys', { shutdown: 'default' })],
          steps: [{ after: 200, deed: 'cut-line' }],
        }),
        generation({
          ordered: false,
          impostors: true,
          intensity: 3,
          children: [
            child('wipes-its-familys-marks', { shutdown: 'default' }),
            child('obeys', { shutdown: 'default' }),
          ],
          steps: [{ after: 200, deed: 'kill-worker' }],
        }),
      ],
    },
  },
  {
    found: 'a worker of whose death nothing had been heard counted as settled, and alive',
    plan: {
      seed: 1_998,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({ intensity: 3, children: [child('fork-storm', { shutdown: 'brutal_kill' })] }),
        generation({ impostors: true, intensity: 3, steps: [{ after: 1, deed: 'kill-and-stop' }] }),
        generation({
          impostors: true,
          intensity: 3,
          children: [child('obeys', { shutdown: 'default' })],
          steps: [{ after: 0, deed: 'stop-at-birth' }],
        }),
      ],
    },
  },
  {
    found: 'a dead host of which a thread still held the socket was taken for a living one',
    plan: {
      seed: 80,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          ordered: false,
          intensity: 3,
          children: [child('forks-as-it-ends', { shutdown: 'default' }), child('hangs')],
          steps: [
            { after: 200, deed: 'second-host' },
            { after: 200, deed: 'continue-forker' },
          ],
          crash: { who: 'host', at: 44 },
        }),
        generation({
          intensity: 3,
          children: [child('forks-often', { shutdown: 'default' })],
          steps: [
            { after: 200, deed: 'stop-at-birth' },
            { after: 30, deed: 'kill-host' },
          ],
        }),
      ],
    },
  },
  {
    found: 'the end of a run did not inherit the sessions of those that died meanwhile',
    plan: {
      seed: 63,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          impostors: true,
          intensity: 3,
          children: [child('obeys', { shutdown: 'default' })],
          crash: { who: 'host', at: 20 },
        }),
      ],
    },
  },
  {
    found: 'a leader that was reaped while a census was under way hid what it had left in its session',
    plan: {
      seed: 2_212,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          steps: [
            { after: 0, deed: 'kill-and-stop' },
            { after: 1_500, deed: 'term-host' },
          ],
        }),
        generation({
          ordered: false,
          intensity: 3,
          children: [
            child('closes-its-streams', { shutdown: 'default' }),
            child('closes-its-streams', { shutdown: 'default' }),
            child('scrubbed-child', { shutdown: 'default' }),
            child('chatty', { shutdown: 'default' }),
          ],
          steps: [
            { after: 1_500, deed: 'stop-at-birth' },
            { after: 0, deed: 'kill-and-stop' },
            { after: 0, deed: 'kill-and-stop' },
          ],
        }),
      ],
    },
  },
  {
    found: 'a young child of ours whose marks were wiped was forgotten after the first look',
    plan: {
      seed: 388,
      pidMax: 64,
      tick: 1_000,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          children: [child('wipes-its-stubborn-familys-marks', { shutdown: 'default' })],
          steps: [
            { after: 200, deed: 'disk-full' },
            { after: 0, deed: 'term-host' },
          ],
        }),
      ],
    },
  },
  {
    found: "a worker ID was given out twice when a supervisor's name was used again",
    plan: {
      seed: 148,
      pidMax: 64,
      tick: 10,
      userId: 0,
      generations: [
        generation({
          intensity: 3,
          children: [child('obeys', { shutdown: 'default' }), child('obeys', { shutdown: 'default' })],
          steps: [
            { after: 1_500, deed: 'continue-forker' },
            { after: 0, deed: 'supervise-again' },
          ],
          crash: { who: 'forker', at: 6 },
        }),
      ],
    },
  },
];
