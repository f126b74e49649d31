/** Judges supervisors by what they answer: what a call has done is so, and what nobody has any more does not come back. */
import { StartError, SupervisorNotRunningError } from '../errors.ts';
import type { SimMachine } from '../os/sim/machine.ts';
import type { Invariant } from './invariants.ts';
import { type Kinship, pathOf } from './kinship.ts';
import type { Promises, Proposal } from './promises.ts';
import type { Reconfiguration, ToldAnswer, ToldCall } from './told-calls.ts';
import { isWithin } from './tree.ts';
import type { Watched } from './watched.ts';

export class CallOracle {
  readonly #machine: SimMachine;
  readonly #kinship: Kinship;
  readonly #promises: Promises;
  readonly #fail: (invariant: Invariant, detail: string) => void;

  constructor(
    machine: SimMachine,
    kinship: Kinship,
    promises: Promises,
    fail: (invariant: Invariant, detail: string) => void,
  ) {
    this.#machine = machine;
    this.#kinship = kinship;
    this.#promises = promises;
    this.#fail = fail;
  }

  /** Returns what is to be told of the answer. */
  made(runId: string, path: string, call: ToldCall): (answer: ToldAnswer) => void {
    const watched = this.#promises.of(runId, path);
    if (watched === undefined) return () => {};
    const since = this.#machine.timeline.now;
    switch (call.call) {
      case 'stop':
        return () => this.nothingLives(runId, path, 'outlives the stop of its supervisor', since);
      case 'startChild':
        watched.recall(`${path}/${call.id}`, since);
        watched.forgetAsked(`${path}/${call.id}`);
        return (answer) => this.#hasBegun(runId, path, watched, answer, since);
      case 'restartChild':
        return (answer) => this.#hasBegun(runId, path, watched, answer, since);
      case 'terminateChild':
        return ({ error }) => {
          if (error === undefined)
            this.#isDown(runId, `${path}/${call.id}`, 'outlives a call that has ended it', since);
        };
      case 'deleteChild':
        return ({ error }) => {
          if (error === undefined) watched.forget(`${path}/${call.id}`, since);
        };
      case 'reconfigure':
        return this.#reconfigured(runId, path, watched, call);
    }
  }

  /** Who is told started was begun since the call. A supervisor that was not needed, or has ended, tells nothing. */
  #hasBegun(
    runId: string,
    path: string,
    watched: Watched,
    { error, child }: ToldAnswer,
    since: number,
  ): void {
    if (error !== undefined || child === undefined) return;
    if (child.type === 'supervisor' && child.state === 'exited') return;
    const known = [watched, this.#promises.of(runId, path)]; // another, if it began only then
    if (known.some((one) => (one?.begunAt.get(child.path) ?? Number.NEGATIVE_INFINITY) >= since)) return;
    this.#fail('otp-order', `${child.path} is told started by a call, and was not begun`);
  }

  /** Of what is below this path and was born before. */
  nothingLives(runId: string, path: string, fault: string, before = Number.POSITIVE_INFINITY): void {
    this.#noneLives(runId, (of) => of.startsWith(`${path}/`), fault, before);
  }

  /** It, or what is below it. */
  #isDown(runId: string, path: string, fault: string, before: number): void {
    this.#noneLives(runId, (of) => isWithin(of, path), fault, before);
  }

  #noneLives(runId: string, isMeant: (path: string) => boolean, fault: string, before: number): void {
    for (const [workerId, leader] of this.#kinship.leadersOf(runId)) {
      if (!leader.alive || !isMeant(pathOf(workerId)) || !this.#kinship.isOurs(leader)) continue;
      if (this.#kinship.bornAt(leader) < before) this.#fail('stopped-means-empty', `${workerId} ${fault}`);
    }
  }

  #reconfigured(
    runId: string,
    path: string,
    watched: Watched,
    call: Reconfiguration,
  ): (answer: ToldAnswer) => void {
    const { options, apply } = call;
    const since = this.#machine.timeline.now;
    const proposal = this.#promises.propose(runId, path, call, since);
    if (proposal === undefined) return () => {};
    return ({ changes, error }) => {
      // It may have been taken before the supervisor was to end, which it has done by now, or is about to.
      if (error instanceof SupervisorNotRunningError) return;
      if (error !== undefined && !(error instanceof StartError)) {
        this.#promises.refuse(runId, watched, proposal);
        return;
      }
      this.#promises.take(runId, path, watched, proposal);
      const { meanwhile, unnamed } = proposal;
      const same = watched.ask(meanwhile.children.filter((child) => !unnamed.includes(child.path)));
      if (!apply) return;
      this.#applied(runId, watched, proposal, same, since);
      const asks = new Set(options.children?.filter(({ start }) => start !== undefined).map(({ id }) => id));
      const started = [...(changes?.changed ?? []), ...(changes?.added ?? [])].filter((id) => !asks.has(id));
      for (const id of started) this.#hasStarted(`${path}/${id}`, watched, since);
    };
  }

  /** Those that it did not name are gone, those that it did not change were let alone, and all was done in order. */
  #applied(
    runId: string,
    watched: Watched,
    { meanwhile, unnamed }: Proposal,
    same: ReadonlySet<string>,
    since: number,
  ): void {
    for (const path of unnamed) {
      watched.forget(path, since);
      this.#isDown(runId, path, 'outlives a reconfiguration without it', since);
    }
    const places = new Map(meanwhile.children.map((child, place) => [child.path, place]));
    const stopped = watched.applied.stopped.splice(0);
    const started = watched.applied.started.splice(0);
    if (watched.may.length > 1) return; // another may have begun to be applied by now
    const outOfPlace = (paths: readonly string[]): string | undefined =>
      paths.find((path, index) => index > 0 && places.get(paths[index - 1]!)! > places.get(path)!);
    const wrong = outOfPlace(started) ?? outOfPlace([...stopped].reverse());
    if (wrong !== undefined) this.#fail('otp-order', `${wrong} is reconfigured out of its order`);
    const disturbed = stopped.find((path) => same.has(path));
    if (disturbed !== undefined)
      this.#fail('otp-order', `${disturbed} is what it was, and is stopped by a reconfiguration`);
  }

  /** Whoever is new, or has changed, was started; but those who may not be needed. */
  #hasStarted(path: string, { begunAt }: Watched, since: number): void {
    if ((begunAt.get(path) ?? Number.NEGATIVE_INFINITY) < since)
      this.#fail('otp-order', `${path} is reconfigured, and was not started`);
  }
}
