// Bugs of pools that the lives of pools must find.

const lender = (find, replace) => ({ file: 'pool/lender.ts', find, replace });
const member = (find, replace) => ({ file: 'pool/member.ts', find, replace });

const PLANTED = [
  {
    name: 'the calls of a worker that crashed stay open',
    edits: [
      lender('    for (const call of calls.reverse()) this.#lostWith(call, error);', '    calls.reverse();'),
    ],
  },
  {
    name: 'another attempt at a call is not charged',
    edits: [
      {
        file: 'pool/retry.ts',
        find: 'const errors = [...(call.errors ?? []), error];',
        replace: 'const errors = [error];',
      },
    ],
  },
  {
    name: 'one attempt at a call more than allowed',
    edits: [
      { file: 'pool/retry.ts', find: 'errors.length < attempts', replace: 'errors.length <= attempts' },
    ],
  },
  {
    name: 'a call that may be done only once is tried again',
    edits: [{ file: 'pool/retry.ts', find: 'if (!idempotent || isBound)', replace: 'if (isBound)' }],
  },
  {
    name: 'a worker that is lent is lent to another, too',
    edits: [member('      this.lease === undefined &&\n', '')],
  },
  {
    name: 'a worker is lent while it has calls of others',
    edits: [
      lender(
        'else if (member.load === 0) waiter.grant(member);\n      else member.promisedTo = waiter;',
        'else waiter.grant(member);',
      ),
    ],
  },
  {
    name: 'a worker that is given back stays unused',
    edits: [
      { file: 'pool/lease.ts', find: '    this.#keeper.onReleased(this.#member);\n', replace: '' },
      { file: 'pool/lease.ts', find: '    this.#member.lease = undefined;\n', replace: '' },
    ],
  },
  {
    name: 'who was promised a worker that died is forgotten',
    edits: [lender('    if (member.promisedTo !== undefined) this.#line.putBack(member.promisedTo);\n', '')],
  },
  {
    name: 'a call that was cancelled stays in the queue',
    edits: [lender('    this.#line.leave(call);\n', '')],
  },
  {
    name: 'the queue takes one call more than allowed',
    edits: [lender('this.queued >= maxQueue', 'this.queued > maxQueue')],
  },
  {
    name: 'the queue is full one call early',
    edits: [lender('this.queued >= maxQueue', 'this.queued >= maxQueue - 1')],
  },
  {
    name: 'a lease that leaves the queue makes no room known',
    edits: [
      lender(
        'else member.promisedTo = waiter;\n      this.#needs.onServed();',
        'else member.promisedTo = waiter;',
      ),
    ],
  },
  {
    name: 'of those who wait the last is the first',
    edits: [
      {
        file: 'pool/wait-queue.ts',
        find: `    one.before = lane.last;
    if (lane.last === undefined) lane.first = one;
    else lane.last.behind = one;
    lane.last = one;
`,
        replace: `    one.behind = lane.first;
    if (lane.first === undefined) lane.last = one;
    else lane.first.before = one;
    lane.first = one;
`,
      },
    ],
  },
  {
    name: 'a worker is given one call more than it takes at a time',
    edits: [member('this.load < this.#tasks &&', 'this.load <= this.#tasks &&')],
  },
  {
    name: 'a worker that is recycled is given calls still',
    edits: [member("      this.state === 'ready' &&\n", "      this.state !== 'gone' &&\n")],
  },
  {
    name: 'a worker that is lost is not replaced',
    edits: [
      lender('this.serve(member);\n    this.#needs.onQueueChanged();', 'this.serve(member);'),
      {
        file: 'pool/staff.ts',
        find: '    this.adjust();\n    this.trim(); // its',
        replace: '    this.trim(); // its',
      },
    ],
  },
  {
    name: 'a worker that is one too many when it is ready stays',
    edits: [
      {
        file: 'pool/staff.ts',
        find: 'const isWanted = isReplaceable(forerunner) || this.ready < this.#size.max;',
        replace: 'const isWanted = true;',
      },
    ],
  },
  {
    name: 'a worker that hangs in its warm-up is not seen',
    edits: [
      {
        file: 'pool/pulse.ts',
        find: "if (member.state === 'starting' || ",
        replace: "if (member.state === 'starting' || member.state === 'warming' || ",
      },
      // Its time is limited, too: one that is seen by either ends.
      {
        file: 'pool/warm-up.ts',
        find: 'timer = clock.setTimeout(() => reject(error), startTimeout);',
        replace: 'timer = clock.setTimeout(() => error, startTimeout);',
      },
    ],
  },
  {
    name: 'a pool that closes does not wait for its calls',
    edits: [
      {
        file: 'pool/pool-machine.ts',
        find: "on: { close: 'draining', destroy: 'stopping' }",
        replace: "on: { close: 'stopping', destroy: 'stopping' }",
      },
    ],
  },
  {
    name: 'the timer for idle workers outlives its pool',
    edits: [
      {
        file: 'pool/idle-watch.ts',
        find: '    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a late answer settles the next call',
    edits: [
      {
        file: 'channel/requests.ts',
        find: 'let id = this.#lastId + 1;',
        replace: 'let id = this.#size + 1;',
      },
    ],
  },
  {
    name: 'the results of a map come as they may',
    edits: [
      {
        file: 'pool/map.ts',
        find: 'else if (underWay[0]?.isSettled === true)',
        replace: 'else if (underWay.sort((a) => (a.isSettled ? -1 : 1))[0]?.isSettled === true)',
      },
    ],
  },
  {
    name: 'the call of a session goes to whichever worker is free',
    edits: [
      lender('    if (bound !== undefined) {\n', '    if (bound !== undefined && session === undefined) {\n'),
    ],
  },
  {
    name: 'a session that is lost goes on with another worker',
    edits: [{ file: 'pool/session.ts', find: '    this.lost = why;\n', replace: '' }],
  },
];

export const MUTANTS = PLANTED.map((mutant) => ({ ...mutant, campaign: 'pools' }));
