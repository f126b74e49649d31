/** Whatever order the disk and the timers answer in: the file answers for every birth, is always whole, and goes for good. */
import fc, { type Scheduler } from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock, Files, Timer } from '../src/os/os.ts';
import { parseRunFile } from '../src/registry/run-file.ts';
import { runFilePath } from '../src/registry/run-paths.ts';
import { RunRegistry } from '../src/registry/run-registry.ts';
import { SELF } from '../test/support/sightings.ts';
import { SEED } from './seed.ts';

const STATE = '/state';
const RUN_ID = '1767225600000000_aaaaaaaaaa';
const PATH = runFilePath(STATE, RUN_ID);

/** A disk that answers when the scheduler says, and fails when the plan does: a write leaves half of its text then. */
class ScheduledDisk implements Files {
  readonly files = new Map<string, string>();
  /** Every text that was ever under the run's name. */
  readonly seen: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #failing: Iterator<boolean>;

  constructor(scheduler: Scheduler, failing: Iterator<boolean>) {
    this.#scheduler = scheduler;
    this.#failing = failing;
  }

  read = (path: string) => this.#do('read', () => this.files.get(path));
  write = (path: string, text: string) =>
    this.#do(`write ${path}`, (fails) => {
      this.files.set(path, fails ? text.slice(0, text.length / 2) : text);
    });
  rename = (from: string, to: string) =>
    this.#do(`rename ${from}`, (fails) => {
      if (fails) return;
      this.files.set(to, this.files.get(from)!);
      this.files.delete(from);
      if (to === PATH) this.seen.push(this.files.get(to)!);
    });
  remove = (path: string) =>
    this.#do(`remove ${path}`, (fails) => {
      if (!fails) this.files.delete(path);
    });
  list = () => this.#do('list', () => [...this.files.keys()]);
  makePrivateDirectory = () => this.#do('make directory', () => {});
  absolute = (path: string): string => path;

  async #do<T>(what: string, action: (fails: boolean) => T): Promise<T> {
    await this.#scheduler.schedule(Promise.resolve(), what);
    const fails = what !== 'make directory' && this.#failing.next().value === true;
    const result = action(fails);
    if (fails) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    return result;
  }
}

/** Timers ring in any order, and late. */
const scheduledClock = (scheduler: Scheduler): Clock => ({
  now: () => 0,
  monotonic: () => 0,
  setTimeout(action) {
    const timer = { cancelled: false };
    void scheduler.schedule(Promise.resolve(), 'timer').then(() => {
      if (!timer.cancelled) action();
    });
    return timer;
  },
  clearTimeout(timer: Timer) {
    if (timer !== undefined) (timer as { cancelled: boolean }).cancelled = true;
  },
  soon(action: () => void) {
    queueMicrotask(action);
  },
  async turn() {},
});

const birthsOnDisk = (disk: ScheduledDisk): number => {
  const parsed = parseRunFile(disk.files.get(PATH) ?? '', RUN_ID);
  return parsed.kind === 'valid' ? parsed.file.births : 0;
};

test('a registry whose disk and timers answer in any order', { timeout: 60_000 }, async () => {
  const failures = fc.infiniteStream(fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0));
  const workers = fc.integer({ min: 1, max: 8 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), failures, workers, workers, async (scheduler, failing, early, late) => {
      const disk = new ScheduledDisk(scheduler, failing);
      const registry = new RunRegistry({
        ...{ files: disk, clock: scheduledClock(scheduler), stateDirectory: STATE, runId: RUN_ID },
        ...{ name: 'test', self: SELF, orphanGrace: 2_000, onWarning: () => {} },
      });
      let births = 0;
      let over = false;
      const step = (what: string) => scheduler.schedule(Promise.resolve(), what);
      const live = async (workerId: string): Promise<void> => {
        await step('begins');
        try {
          await registry.reserve({ workerId, id: workerId, path: workerId, command: 'x' });
        } catch {
          return; // there is no record of it, so there is no process
        }
        births += 1;
        if (!over) expect(birthsOnDisk(disk)).toBeGreaterThanOrEqual(births);
        registry.activate(workerId, { ...SELF.identity, pid: 1_000 + births });
        await step('lives');
        registry.update(workerId, { lifecycle: 'running' });
        await step('dies');
        registry.release(workerId);
      };
      const opened = scheduler.waitFor(
        registry.open().then(
          () => true,
          () => false,
        ),
      );
      if (!(await opened)) {
        await scheduler.waitIdle();
        expect(disk.seen).toEqual([]); // a run whose first write fails does not begin
        return;
      }
      registry.setForker(SELF.identity);
      const lives = Array.from({ length: early }, (_, index) => live(`early:${index}`));
      await scheduler.waitFor(Promise.all(lives));
      expect(disk.files.has(PATH)).toBe(true);

      over = true;
      // A birth that comes as the run ends, or after it, must not bring the file back.
      const belated = Array.from({ length: late }, (_, index) => live(`late:${index}`));
      const removed = registry.remove().then(
        () => true,
        () => false,
      );
      const [isRemoved] = await scheduler.waitFor(Promise.all([removed, ...belated]));
      await scheduler.waitIdle();
      if (isRemoved) expect(disk.files.has(PATH)).toBe(false);
      expect(disk.seen.map((text) => parseRunFile(text, RUN_ID).kind)).toEqual(disk.seen.map(() => 'valid'));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});
