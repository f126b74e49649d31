/** Which tasks wait for which: each is begun when all that it depends on are ok, and skipped when one is not. */
import { OptionsError } from '../errors.ts';
import type { TaskResult } from './result.ts';
import { TaskSkippedError } from './task-errors.ts';
import type { TaskSpec } from './task-spec.ts';

/** Throws an `OptionsError` for two of one id, for one that is not there, and for a circle. Returns an order that can be. */
export function inOrder(specs: readonly TaskSpec[]): readonly TaskSpec[] {
  const byId = new Map<string, TaskSpec>();
  for (const spec of specs) {
    if (byId.has(spec.id))
      throw new OptionsError(`tasks[${spec.index}].id`, `there are two of the id '${spec.id}'`);
    byId.set(spec.id, spec);
  }
  if (specs.every(({ dependsOn }) => dependsOn.length === 0)) return specs;
  const ordered: TaskSpec[] = [];
  const seen = new Map<TaskSpec, 'open' | 'done'>();
  for (const root of specs) {
    // Not by recursion: a chain may be longer than the stack.
    const path: { readonly spec: TaskSpec; next: number }[] = [{ spec: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { spec } = top;
      if (seen.get(spec) === 'done') {
        path.pop();
        continue;
      }
      seen.set(spec, 'open');
      const id = spec.dependsOn[top.next];
      top.next += 1;
      if (id === undefined) {
        seen.set(spec, 'done');
        ordered.push(spec);
        path.pop();
      } else path.push({ spec: dependencyOf(spec, id, byId, seen), next: 0 });
    }
  }
  return ordered;
}

function dependencyOf(
  { index }: TaskSpec,
  id: string,
  byId: ReadonlyMap<string, TaskSpec>,
  seen: ReadonlyMap<TaskSpec, 'open' | 'done'>,
): TaskSpec {
  const at = `tasks[${index}].dependsOn`;
  const dependency = byId.get(id);
  if (dependency === undefined) throw new OptionsError(at, `there is no task '${id}'`);
  if (seen.get(dependency) === 'open') throw new OptionsError(at, `'${id}' depends on this task itself`);
  return dependency;
}

/** What became of each. Of those that are called by their place, as most are, it takes a few bytes. */
class Statuses {
  readonly #byPlace: TaskResult['status'][] = [];
  readonly #byName = new Map<string, TaskResult['status']>();

  get(id: string): TaskResult['status'] | undefined {
    return PLACE.test(id) ? this.#byPlace[Number(id)] : this.#byName.get(id);
  }

  set(id: string, status: TaskResult['status']): void {
    if (PLACE.test(id)) this.#byPlace[Number(id)] = status;
    else this.#byName.set(id, status);
  }
}

const PLACE = /^(0|[1-9]\d{0,8})$/;

/** Those that wait for others, and what became of those. */
export class Dependencies {
  readonly #statuses = new Statuses();
  readonly #parked = new Map<TaskSpec, Set<string>>();
  readonly #waitingFor = new Map<string, TaskSpec[]>();

  get parked(): number {
    return this.#parked.size;
  }

  /** Whether it was begun before: of two of one id nobody could say which is meant. */
  knows(id: string): boolean {
    return this.#statuses.get(id) !== undefined || this.#waitingFor.has(id);
  }

  /** What keeps it from ever being begun. */
  refusal({ id, dependsOn }: TaskSpec): Error | undefined {
    const bad = dependsOn.find((other) => !this.#isOpen(other) && this.#statuses.get(other) !== 'ok');
    if (bad === undefined) return undefined;
    const status = this.#statuses.get(bad);
    return new TaskSkippedError(
      id,
      status === undefined ? `there is no task '${bad}' before it` : `'${bad}' is ${status}`,
    );
  }

  /** It is known from now on. Returns whether it has to wait for others. */
  add(spec: TaskSpec): boolean {
    this.#waitingFor.set(spec.id, []);
    const open = new Set(spec.dependsOn.filter((other) => this.#isOpen(other)));
    if (open.size === 0) return false;
    this.#parked.set(spec, open);
    for (const other of open) this.#waitingFor.get(other)!.push(spec);
    return true;
  }

  /** It is over. Returns those that wait for nothing more. */
  settle(id: string, status: TaskResult['status']): readonly TaskSpec[] {
    this.#statuses.set(id, status);
    const waiting = this.#waitingFor.get(id) ?? [];
    this.#waitingFor.delete(id);
    return waiting.filter((spec) => {
      const open = this.#parked.get(spec)!;
      open.delete(id);
      if (open.size > 0) return false;
      this.#parked.delete(spec);
      return true;
    });
  }

  #isOpen(id: string): boolean {
    return this.#waitingFor.has(id);
  }
}
