// Bugs of tasks that the lives of tasks must find.

const run = (find, replace) => ({ file: 'tasks/task-run.ts', find, replace });
const batch = (find, replace) => ({ file: 'tasks/task-batch.ts', find, replace });
const attempt = (find, replace) => ({ file: 'tasks/attempt.ts', find, replace });
const breakers = (find, replace) => ({ file: 'tasks/breakers.ts', find, replace });

const PLANTED = [
  {
    name: 'a run has one task more at a time than it may',
    edits: [batch('this.#running < plan.concurrency', 'this.#running <= plan.concurrency')],
  },
  {
    name: 'all runs together have one process more than they may',
    edits: [
      {
        file: 'tasks/slots.ts',
        find: 'this.#taken < this.#limit &&',
        replace: 'this.#taken <= this.#limit &&',
      },
    ],
  },
  {
    name: 'a retry that is not let through takes the result away',
    edits: [run('isFirst ? this.#blocked() : undefined', 'this.#blocked()')],
  },
  {
    name: 'a source is waited for though nobody wants its tasks any more',
    edits: [
      batch('if (this.#options.total === undefined) this.leave();\n    else this.fill();', 'this.fill();'),
    ],
  },
  {
    name: 'a task that is blocked keeps the place of its process',
    edits: [
      run(
        "if (permit === 'blocked') return isFirst ? this.#blocked() : undefined;\n      return",
        "if (permit === 'blocked') return isFirst ? this.#blocked() : undefined;\n      const outcome =",
      ),
      run(
        '    } finally {\n      release();\n    }',
        '      release();\n      return outcome;\n    } finally {\n    }',
      ),
    ],
  },
  {
    name: 'a task is over when its process is, whatever that has left',
    edits: [
      attempt(
        '    this.#clearDeadline(); // what it has left is ended by its worker\n',
        '    this.over();\n',
      ),
    ],
  },
  {
    name: 'a task whose start is given up is over at once',
    edits: [
      attempt('if (this.#path === undefined) this.over(errorOf(error));', 'this.over(errorOf(error));'),
    ],
  },
  {
    name: 'a task that is cancelled is a failure of its key',
    edits: [run("else if (status === 'cancelled' || (", 'else if ((')],
  },
  {
    name: 'a lack of the host is a failure of the key',
    edits: [run("(error instanceof SpawnError && category === 'resource')", 'false')],
  },
  {
    name: 'a breaker is asked after the start',
    edits: [
      run(
        'const permit = this.#permit();\n',
        'if (this.#attempts === 0) await this.#attemptWith(undefined);\n      const permit = this.#permit();\n',
      ),
    ],
  },
  {
    name: 'a second probe goes beside the first',
    edits: [
      breakers(
        "      if (!this.#actor.getSnapshot().matches({ 'half-open': 'waiting' })) return undefined;\n",
        '',
      ),
    ],
  },
  {
    name: 'a breaker opens one failure early',
    edits: [
      {
        file: 'tasks/circuit-breaker-machine.ts',
        find: 'failures >= limits.failures ||',
        replace: 'failures >= limits.failures - 1 ||',
      },
    ],
  },
  {
    name: 'a success does not end a row of failures',
    edits: [
      {
        file: 'tasks/circuit-breaker-machine.ts',
        find: 'succeeded: { actions: assign({ failures: 0 }) },',
        replace: 'succeeded: {},',
      },
    ],
  },
  {
    name: 'what was begun before a breaker opened counts when it has closed',
    edits: [breakers('    if (era !== this.#era) return;\n', '')],
  },
  {
    name: 'a probe that shows nothing is the last',
    edits: [
      {
        file: 'tasks/circuit-breaker-machine.ts',
        find: "            'probe.void': 'waiting',\n",
        replace: '',
      },
    ],
  },
  {
    name: 'resetAll() keeps what was counted',
    edits: [
      breakers('    for (const breaker of this.#breakers.values()) breaker.reset();\n', ''),
      breakers('    this.#breakers.clear();\n', ''),
    ],
  },
  {
    name: 'what cannot heal is tried again',
    edits: [run(' || !retry.on.has(end.category!)', '')],
  },
  {
    name: 'one retry too many',
    edits: [run('failures >= retry.retries', 'failures > retry.retries')],
  },
  {
    name: 'a stream is read by a second attempt',
    edits: [run('const isUsed = end.wasBorn === true && !canBeReadAgain(stdin);', 'const isUsed = false;')],
  },
  {
    name: 'a task that is wanted no more is tried again',
    edits: [
      run('      if (this.#options.signal.aborted) return end;\n', ''),
      run('      if (this.#options.signal.aborted) return undefined;\n', ''),
      {
        file: 'tasks/slots.ts',
        find: '    if (signal.aborted) return Promise.resolve(undefined);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a task that had run is skipped when it is tried again in vain',
    edits: [run('return last ?? this.#unbegun();', 'return this.#unbegun();')],
  },
  {
    name: 'what is cancelled has a fallback, too',
    edits: [
      { file: 'tasks/result.ts', find: "  'blocked',\n]);", replace: "  'blocked',\n  'cancelled',\n]);" },
      run('    if (this.#options.signal.aborted) return failed;\n', ''),
    ],
  },
  {
    name: 'a task is begun when one of those that it depends on is over',
    edits: [
      {
        file: 'tasks/task-order.ts',
        find: '      const open = this.#parked.get(spec)!;\n',
        replace: '      const open = this.#parked.get(spec);\n      if (open === undefined) return false;\n',
      },
      { file: 'tasks/task-order.ts', find: '      if (open.size > 0) return false;\n', replace: '' },
    ],
  },
  {
    name: 'a task is begun though one that it depends on is not ok',
    edits: [batch('if (!this.#skips(spec)) this.#ready.push(spec);', 'this.#ready.push(spec);')],
  },
  {
    name: 'results come as tasks end',
    edits: [
      { file: 'tasks/tasks.ts', find: 'results[result.index] = result;', replace: 'results.push(result);' },
    ],
  },
  {
    name: 'the time limit of a task outlives it',
    edits: [attempt('    if (this.#deadline !== undefined) this.#clock.clearTimeout(this.#deadline);\n', '')],
  },
  {
    name: 'a task that writes has no limit',
    edits: [attempt('Math.min(longestTimeout, this.#wroteAt', 'Math.max(timeout, this.#wroteAt')],
  },
  {
    name: 'what had not begun when the time for all was over has timed out',
    edits: [run("          status: 'skipped',\n", "          status: 'timed-out',\n")],
  },
  {
    name: 'the time for all is not looked at',
    edits: [batch('this.#end.abort(new TimeIsOver(totalTimeout))', 'new TimeIsOver(totalTimeout)')],
  },
  {
    name: 'a task that is over is counted twice',
    edits: [batch('    this.#done += 1;\n', '    this.#done += result.attempts > 1 ? 2 : 1;\n')],
  },
  {
    name: 'who exits with 0 when told to end is ok',
    edits: [
      attempt(
        'if (this.#reason !== undefined) return this.#reason;',
        'if (this.#reason !== undefined && exitCode !== 0) return this.#reason;',
      ),
    ],
  },
  {
    name: 'starts are not staggered',
    edits: [batch('this.#nextStartAt = at + stagger;', 'this.#nextStartAt = now;')],
  },
];

export const MUTANTS = PLANTED.map((mutant) => ({ ...mutant, campaign: 'tasks' }));
