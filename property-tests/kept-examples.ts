/**
 * The lives that once broke something, as short as they get. Each was found by chance, and is lived again for ever; at the
 * end those that a planted bug breaks which chance seldom comes upon.
 */
import { KEPT_FOR_MUTANTS } from './kept-for-mutants.ts';
import { child, generation, type KeptExample, life, step } from './kept-life.ts';

/** Seeds that each is lived with, from its own on: what it broke depends on a moment here or there. */
export const SEEDS_EACH = 60;

export const KEPT_EXAMPLES: readonly KeptExample[] = [
  {
    found: 'a birth that was ordered from a forker lost meanwhile waited for ever',
    plan: life(1_050, {}, [
      generation({
        intensity: 1_000,
        children: [
          child('forks-stubborn', { restart: 'temporary', shutdown: 'default' }),
          child('obeys', { restart: 'transient' }),
          child('ready-twice', { restart: 'transient', shutdown: 'brutal_kill', ready: 'notify' }),
          child('scrubbed-session', { restart: 'temporary' }),
        ],
        steps: [step(200, 'kill-worker'), step(1_500, 'kill-and-stop')],
      }),
      generation({
        children: [child('forks-stubborn'), child('scrubbed-session', { restart: 'transient' })],
        steps: [step(30, 'kill-forker')],
      }),
    ]),
  },
  {
    found: 'a forker whose line broke removed the traces of its living host',
    plan: life(245, { pidMax: 32 }, [
      generation({ children: [child('slow-to-stop')] }),
      generation({
        intensity: 1_000,
        children: [child('slow-to-stop')],
        steps: [step(30, 'cut-line'), step(200, 'stop-forker')],
      }),
    ]),
  },
  {
    found: "a stop that met a worker's own death left what the worker had put outside its group",
    plan: life(7_956, { userId: 1_000 }, [
      generation({
        intensity: 1_000,
        children: [child('double-forks-stubborn', { restart: 'transient' })],
        steps: [step(0, 'stop-at-birth'), step(1_500, 'stop-at-birth')],
      }),
    ]),
  },
  {
    found: "a session's number, used again in one tick, was taken for the dead leader's session",
    plan: life(3_181, { pidMax: 32 }, [
      generation({
        impostors: true,
        intensity: 1_000,
        children: [
          child('double-forks-stubborn', { shutdown: 'brutal_kill' }),
          child('crashes', { restart: 'transient', shutdown: 'brutal_kill' }),
        ],
        steps: [step(5, 'disk-heals'), step(0, 'stop-at-birth'), step(30, 'strangers'), step(5, 'stop-host')],
      }),
    ]),
  },
  {
    found: 'who was born in a group in the tick of its signal was not told until the next stage',
    plan: life(3_846, { pidMax: 32 }, [
      generation({
        intensity: 3,
        children: [
          child('ends-well', { restart: 'temporary', shutdown: 'brutal_kill' }),
          child('fork-storm', { restart: 'transient', shutdown: 'default' }),
          child('fork-storm', { restart: 'temporary' }),
        ],
        steps: [step(200, 'cut-line')],
      }),
    ]),
  },
  {
    found: 'what a failing disk did not take was written at the next change only',
    plan: life(88, {}, [
      generation({
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' })],
        steps: [step(0, 'strangers'), step(30, 'disk-fails')],
      }),
    ]),
  },
  {
    found: 'a process that its mark had proven stayed known in its tick after it had died',
    plan: life(1_118, { tick: 1_000 }, [
      generation({
        intensity: 3,
        children: [child('obeys', { restart: 'temporary', shutdown: 'default' })],
        steps: [
          step(30, 'kill-child'),
          step(0, 'cut-line'),
          step(5, 'second-host'),
          step(1_500, 'kill-forker'),
        ],
      }),
      generation({
        spawner: 'direct',
        impostors: true,
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' })],
        steps: [step(200, 'cut-line')],
      }),
      generation({
        ordered: false,
        impostors: true,
        intensity: 3,
        children: [
          child('wipes-its-familys-marks', { shutdown: 'default' }),
          child('obeys', { shutdown: 'default' }),
        ],
        steps: [step(200, 'kill-worker')],
      }),
    ]),
  },
  {
    found: 'a worker of whose death nothing had been heard counted as settled, and alive',
    plan: life(1_998, {}, [
      generation({ intensity: 3, children: [child('fork-storm', { shutdown: 'brutal_kill' })] }),
      generation({ impostors: true, intensity: 3, steps: [step(1, 'kill-and-stop')] }),
      generation({
        impostors: true,
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' })],
        steps: [step(0, 'stop-at-birth')],
      }),
    ]),
  },
  {
    found: 'a dead host of which a thread still held the socket was taken for a living one',
    plan: life(80, {}, [
      generation({
        ordered: false,
        intensity: 3,
        children: [child('forks-as-it-ends', { shutdown: 'default' }), child('hangs')],
        steps: [step(200, 'second-host'), step(200, 'continue-forker')],
        fault: { deed: 'kill-host', of: 'host', at: 44 },
      }),
      generation({
        intensity: 3,
        children: [child('forks-often', { shutdown: 'default' })],
        steps: [step(200, 'stop-at-birth'), step(30, 'kill-host')],
      }),
    ]),
  },
  {
    found: 'the end of a run did not inherit the sessions of those that died meanwhile',
    plan: life(63, {}, [
      generation({
        impostors: true,
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' })],
        fault: { deed: 'kill-host', of: 'host', at: 20 },
      }),
    ]),
  },
  {
    found: 'a leader that was reaped while a census was under way hid what it had left in its session',
    plan: life(2_212, {}, [
      generation({
        intensity: 3,
        steps: [step(0, 'kill-and-stop'), step(1_500, 'term-host')],
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
        steps: [step(1_500, 'stop-at-birth'), step(0, 'kill-and-stop'), step(0, 'kill-and-stop')],
      }),
    ]),
  },
  {
    found: 'a young child of ours whose marks were wiped was forgotten after the first look',
    plan: life(388, { tick: 1_000 }, [
      generation({
        intensity: 3,
        children: [child('wipes-its-stubborn-familys-marks', { shutdown: 'default' })],
        steps: [step(200, 'disk-full'), step(0, 'term-host')],
      }),
    ]),
  },
  {
    found: "a worker ID was given out twice when a supervisor's name was used again",
    plan: life(148, {}, [
      generation({
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' }), child('obeys', { shutdown: 'default' })],
        steps: [step(1_500, 'continue-forker'), step(0, 'supervise-again')],
        fault: { deed: 'kill-forker', of: 'forker', at: 6 },
      }),
    ]),
  },
  {
    found: "a worker that had put on another run's marks outlived its own",
    plan: life(
      7,
      {},
      (['host-exits', 'kill-forker', 'kill-both'] as const).map((deed) =>
        generation({ children: [child('disguises-itself')], steps: [step(1_500, deed)] }),
      ),
    ),
  },
  {
    found: 'what a worker had left in its session outlived a run that ended before the worker was reaped',
    plan: life(62_321, { tick: 50 }, [
      generation({
        intensity: 3,
        children: [child('wipes-its-familys-marks', { shutdown: 'default' })],
        steps: [step(200, 'kill-host'), step(0, 'kill-worker')],
      }),
    ]),
  },
  {
    found: 'a stranger of a session of its own had taken the pid of an unmarked child within its tick',
    plan: life(1_992, {}, [
      generation({
        impostors: true,
        intensity: 3,
        children: ['obeys', 'scrubbed-session', 'forks-stubborn', 'obeys'].map((command) =>
          child(command, { shutdown: 'default' }),
        ),
        steps: [step(30, 'corrupt-file'), step(30, 'kill-forker-at-birth')],
        fault: { deed: 'kill-host', of: 'host', at: 22 },
      }),
    ]),
  },
  {
    found:
      'a temporary child that a reconfiguration had brought was started with its group, and again when it failed',
    plan: life(30_590, { tick: 1_000 }, [
      generation({
        strategy: 'one_for_all',
        intensity: 3,
        children: [
          child('leaves-a-scrubbed-orphan', { shutdown: 'default' }),
          child('leaves-its-group', { restart: 'transient' }),
        ],
        steps: [
          step(1_500, 'disk-heals'),
          step(0, 'kill-worker'),
          step(0, 'disk-full'),
          step(30, 'reconfigure'),
        ],
      }),
    ]),
  },
  {
    found: 'a line that was cut before a message carried it all the same, behind the news that it was closed',
    plan: life(64_020, { pidMax: 64 }, [
      generation({
        spawner: 'direct',
        intensity: 3,
        impostors: true,
        children: [child('ends-well', { shutdown: 'default' })],
        steps: [step(1, 'stop-host'), step(1, 'second-host'), step(30, 'second-host')],
      }),
      generation({
        intensity: 3,
        children: [child('obeys', { shutdown: 'default' })],
        fault: { deed: 'cut-line', of: 'forker', at: 4 },
      }),
    ]),
  },
  ...KEPT_FOR_MUTANTS,
];
