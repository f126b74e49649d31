/** The limits of a call: its time, its time in the queue, and its caller's patience. */
import { CallTimeoutError } from '../call-errors.ts';
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';
import type { Clock } from '../os/os.ts';
import type { Call } from './call.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class CallWatch {
  readonly #clock: Clock;
  readonly #giveUp: (call: Call, why: unknown) => void;

  /** @param giveUp it is not wanted any more, for this reason */
  constructor(clock: Clock, giveUp: (call: Call, why: unknown) => void) {
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** False when it is given up before it has begun. */
  begin(call: Call): boolean {
    const { signal, timeout } = call.plan;
    if (signal === undefined && timeout === NEVER) return true;
    if (signal?.aborted === true) {
      this.#giveUp(call, signal.reason);
      return false;
    }
    if (timeout !== NEVER) {
      call.timer = this.#clock.setTimeout(() => {
        call.timer = undefined;
        this.#isLate(call, call.state === 'running' ? 'running' : 'queued', timeout);
      }, timeout);
    }
    if (signal !== undefined) {
      call.onAbort = () => this.#giveUp(call, signal.reason);
      onAbort(signal, call.onAbort);
    }
    return true;
  }

  entersQueue(call: Call): void {
    const { queueTimeout } = call.plan;
    if (queueTimeout === NEVER) return;
    call.queueTimer = this.#clock.setTimeout(() => {
      call.queueTimer = undefined;
      this.#isLate(call, 'queued', queueTimeout);
    }, queueTimeout);
  }

  leftQueue(call: Call): void {
    if (call.queueTimer !== undefined) this.#clock.clearTimeout(call.queueTimer);
    call.queueTimer = undefined;
  }

  /**
   * Its worker was told that it is not wanted any more, and has so many milliseconds to answer. They begin anew when it was
   * not read meanwhile: the answer may have come, behind the items of another call.
   */
  awaitEnd(call: Call, cancelGrace: number, onStubborn: () => void): void {
    const { channel } = call.member!;
    const { stretch } = channel;
    call.timer = this.#clock.setTimeout(() => {
      call.timer = undefined;
      if (stretch === undefined || channel.stretch !== stretch) this.awaitEnd(call, cancelGrace, onStubborn);
      else onStubborn();
    }, cancelGrace);
  }

  /** Nothing is left of it: no timer, and no listener on a signal that others may share. */
  end(call: Call): void {
    if (call.timer !== undefined) this.#clock.clearTimeout(call.timer);
    call.timer = undefined;
    this.leftQueue(call);
    if (call.onAbort === undefined) return;
    forgetAbort(call.plan.signal!, call.onAbort);
    call.onAbort = undefined;
  }

  #isLate(call: Call, phase: 'queued' | 'running', timeout: number): void {
    this.#giveUp(call, new CallTimeoutError(phase, timeout, `'${call.plan.method}'`));
  }
}
