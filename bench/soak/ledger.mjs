// What was called, and what became of it: each call has one outcome, and only such as its kind may have.

/** What any call may end with where workers and forkers are killed, and queues are short. */
const ALWAYS = ['crashed', 'unhealthy', 'worker-ended', 'no-worker', 'closed', 'poison', 'queue-full'];

const CODES = {
  ERR_REEVE_WORKER_CRASHED: 'crashed',
  ERR_REEVE_UNHEALTHY: 'unhealthy',
  ERR_REEVE_WORKER_ENDED: 'worker-ended',
  ERR_REEVE_NO_WORKER: 'no-worker',
  ERR_REEVE_POISON: 'poison',
  ERR_REEVE_REMOTE: 'remote',
  ERR_REEVE_TIMEOUT: 'timeout',
  ERR_REEVE_QUEUE_FULL: 'queue-full',
  ERR_REEVE_SESSION_LOST: 'session-lost',
  ERR_REEVE_UNSENDABLE: 'unsendable',
};

/** The reason with which calls are aborted. */
export class Unwanted extends Error {}

/** What a stream gives whose reader has left it. */
export const LEFT = Symbol('left');

export class Ledger {
  /** How many calls of each kind have ended how. */
  kinds = new Map();
  /** What should not have been, in words; the first ones. */
  wrong = [];
  made = 0;
  #pending = new Map();

  /** The kinds of calls that have no outcome yet. */
  get pending() {
    return [...this.#pending.values()];
  }

  /** All outcomes, whatever the kind. */
  get outcomes() {
    const sums = {};
    for (const outcomes of this.kinds.values())
      for (const [outcome, count] of Object.entries(outcomes)) sums[outcome] = (sums[outcome] ?? 0) + count;
    return sums;
  }

  /**
   * @param start makes the call @param may how it may end, but for what may always be
   * @param isRight whether it was answered with what it should be @returns its value; undefined when it has failed
   */
  async call(kind, start, { may = ['ok'], isRight = () => true } = {}) {
    this.made += 1;
    const id = this.made;
    this.#pending.set(id, kind);
    let outcome;
    let value;
    let error;
    try {
      value = await start();
      outcome = value === LEFT ? 'left' : 'ok';
    } catch (thrown) {
      error = thrown;
      outcome = outcomeOf(thrown);
    }
    this.#pending.delete(id);
    const outcomes = this.kinds.get(kind) ?? {};
    this.kinds.set(kind, outcomes);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (!may.includes(outcome) && !ALWAYS.includes(outcome))
      this.complain(`'${kind}' ended with '${outcome}': ${error?.stack ?? String(value).slice(0, 100)}`);
    else if (outcome === 'ok' && !isRight(value))
      this.complain(`'${kind}' was answered with ${JSON.stringify(value)?.slice(0, 100)}`);
    return outcome === 'ok' ? value : undefined;
  }

  complain(what) {
    if (this.wrong.length < 10) this.wrong.push(what);
  }
}

function outcomeOf(error) {
  if (error instanceof Unwanted) return 'cancelled';
  // A killed worker's channel is closed before its end is told; any other violation is a fault.
  if (error?.code === 'ERR_REEVE_PROTOCOL') return error.violation === 'closed' ? 'closed' : 'protocol';
  return CODES[error?.code] ?? 'unknown';
}
