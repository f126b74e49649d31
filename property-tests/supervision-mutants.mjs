// Bugs of supervisors that the simulation must find.

export const MUTANTS = [
  {
    name: 'temporary children are restarted',
    edits: [
      { file: 'supervisor/restart.ts', find: "  if (restart === 'temporary') return false;\n", replace: '' },
    ],
  },
  {
    name: 'transient children are restarted whatever their end',
    edits: [{ file: 'supervisor/restart.ts', find: '  return !isClean(reason);', replace: '  return true;' }],
  },
  {
    name: 'one restart is one too many',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: 'turn.restartTimes.size > turn.spec.intensity',
        replace: 'turn.restartTimes.size > 0',
      },
    ],
  },
  {
    name: 'one restart more than allowed',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: 'turn.restartTimes.size > turn.spec.intensity',
        replace: 'turn.restartTimes.size > turn.spec.intensity + 1',
      },
    ],
  },
  {
    name: 'restarts are not charged',
    edits: [
      {
        file: 'supervisor/intensity.ts',
        find: 'restartTimes: addRestart(restartTimes, now, intensity),',
        replace: 'restartTimes,',
      },
    ],
  },
  {
    name: 'a restart that failed is tried again uncharged',
    edits: [
      { file: 'supervisor/ends.ts', find: '  if (charged) {', replace: '  if (charged || starts > 0) {' },
    ],
  },
  {
    name: 'a worker ID is given out twice',
    edits: [
      {
        file: 'supervisor/supervisor-machine.ts',
        find: 'const earlier = input.actors.lastNumberIn(input.path);',
        replace: 'const earlier = 0;',
      },
    ],
  },
  {
    name: 'exits are dropped while stopping',
    edits: [
      {
        file: 'supervisor/supervisor-machine.ts',
        find: "        'child.done': { actions: 'hearEndAtStop' },",
        replace: "        'child.done': {},",
      },
    ],
  },
  {
    name: 'exits are dropped while a group is started again',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: "    turn.defer(plan.purpose === 'first start' ? HALL : lane, { type: 'ended', workerId, reason });\n",
        replace: '',
      },
    ],
  },
  {
    name: 'stop in the order of the start',
    edits: [
      {
        file: 'supervisor/hear.ts',
        find: 'stop: left.map(({ id }) => id).reverse()',
        replace: 'stop: left.map(({ id }) => id)',
      },
    ],
  },
  {
    name: 'a group is stopped in the order of its start',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: 'stop: concerned.filter((other) => other !== id).reverse()',
        replace: 'stop: concerned.filter((other) => other !== id)',
      },
    ],
  },
  {
    name: 'start without waiting for the one before',
    edits: [
      {
        file: 'supervisor/hear.ts',
        find: 'if (turn.spec.ordered) turn.follow(COMMON_LANE, plan);\n  else for (const id of ids)',
        replace: 'for (const id of ids)',
      },
    ],
  },
  {
    name: 'one_for_all restarts the one alone',
    edits: [
      {
        file: 'supervisor/strategy.ts',
        find: "  if (strategy === 'one_for_all') return ids();",
        replace: "  if (strategy === 'one_for_all') return [failed];",
      },
    ],
  },
  {
    name: 'rest_for_one restarts all',
    edits: [
      {
        file: 'supervisor/strategy.ts',
        find: "return strategy === 'rest_for_one' ? ids().slice(ids().indexOf(failed)) : [failed];",
        replace: "return strategy === 'rest_for_one' ? ids() : [failed];",
      },
    ],
  },
  {
    name: 'rest_for_one leaves those after it alone',
    edits: [
      {
        file: 'supervisor/strategy.ts',
        find: "return strategy === 'rest_for_one' ? ids().slice(ids().indexOf(failed)) : [failed];",
        replace: 'return [failed];',
      },
    ],
  },
  {
    name: 'a group that failed to start is not tried again',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: "    turn.effects.push({ type: 'schedule', message, path, delay: 0 });\n",
        replace: '',
      },
    ],
  },
  {
    name: 'calls that had to wait are forgotten',
    edits: [{ file: 'supervisor/turn.ts', find: '    this.agenda.push(...inbox);\n', replace: '' }],
  },
  {
    name: 'any end of a significant child ends its supervisor',
    edits: [
      {
        file: 'supervisor/ends.ts',
        find: '  if (mustRestart(child.spec.restart, reason)) {',
        replace: '  if (!child.spec.significant && mustRestart(child.spec.restart, reason)) {',
      },
    ],
  },
  {
    name: 'an inner supervisor is up before its children are',
    edits: [
      {
        file: 'supervisor/supervisor-machine.ts',
        find: 'allStarted: ({ context }) => !context.lanes.some(({ plan }) => plan !== undefined)',
        replace: 'allStarted: () => true',
      },
    ],
  },
  {
    name: 'an inner supervisor does not wait for its children to end',
    edits: [
      {
        file: 'supervisor/supervisor-machine.ts',
        find: 'nothingLives: ({ context }) => context.living === 0',
        replace: "nothingLives: ({ context }) => context.living === 0 || context.path.includes('/')",
      },
    ],
  },
  {
    name: 'a deleted child stays among the children',
    edits: [
      {
        file: 'supervisor/calls.ts',
        find: '  turn.remove(child);\n  turn.answerDone(call, child);',
        replace: '  turn.answerDone(call, child);',
      },
    ],
  },
  {
    name: 'the stop of a supervisor is answered before it has ended',
    edits: [
      {
        file: 'supervisor/supervisor.ts',
        find: "    actor.send({ type: 'shutdown' });\n    await ended;",
        replace: "    actor.send({ type: 'shutdown' });\n    void ended;",
      },
    ],
  },
  {
    name: 'a reconfigured supervisor keeps its old intensity',
    edits: [
      {
        file: 'supervisor/reconfigure.ts',
        find: '  turn.spec = spec;\n  const removed',
        replace: '  turn.spec = { ...spec, intensity: turn.spec.intensity };\n  const removed',
      },
    ],
  },
  {
    name: 'a reconfiguration is applied in the order of the start',
    edits: [
      {
        file: 'supervisor/reconfigure.ts',
        find: 'changed.includes(id) || removed.includes(id)).reverse(),',
        replace: 'changed.includes(id) || removed.includes(id)),',
      },
    ],
  },
  {
    name: 'what a reconfiguration takes away is kept',
    edits: [
      {
        file: 'supervisor/reconfigure.ts',
        find: "turn.put({ ...child, spec: { ...child.spec, restart: 'temporary' } });",
        replace: 'turn.put(child);',
      },
    ],
  },
  {
    name: 'a call that restarts a child is answered, and starts nothing',
    edits: [
      {
        file: 'supervisor/calls.ts',
        find: "else if (child.state === 'down') turn.follow(turn.laneOf(id), start(id, call));",
        replace: "else if (child.state === 'down') turn.answerDone(call, child);",
      },
    ],
  },
  {
    name: 'a call that starts a child is answered, and starts nothing',
    edits: [
      {
        file: 'supervisor/calls.ts',
        find: '  turn.follow(turn.laneOf(id), start(id, call));\n}\n\nfunction restartChild',
        replace: '  turn.answerDone(call, turn.roster.get(id)!);\n}\n\nfunction restartChild',
      },
    ],
  },
  {
    name: 'a child that a call has ended comes back by itself',
    edits: [
      {
        file: 'supervisor/calls.ts',
        find: "stop: [id], start: [], ...rest, cause: byCall('terminateChild')",
        replace: "stop: [id], start: [id], ...rest, cause: byCall('terminateChild')",
      },
    ],
  },
  {
    name: 'a reconfiguration restarts what it does not change',
    edits: [
      {
        file: 'supervisor/reconfigure.ts',
        find: 'isKnown(spec) && !isSame(spec, roster.get(spec.id)!.spec)',
        replace: 'isKnown(spec)',
      },
    ],
  },
];
