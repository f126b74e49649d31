// The bugs that the simulation must find: each one change to one file, such as somebody might make one day.
import { MUTANTS as POOL_MUTANTS } from './pool-mutants.mjs';
import { MUTANTS as SUPERVISION_MUTANTS } from './supervision-mutants.mjs';
import { MUTANTS as TASK_MUTANTS } from './task-mutants.mjs';

export const MUTANTS = [
  ...SUPERVISION_MUTANTS,
  {
    name: 'skip the start-time check',
    edits: [
      {
        file: 'os/identity.ts',
        find: '    a.startTime === b.startTime &&\n',
        replace: '',
      },
    ],
  },
  {
    name: 'skip the mark',
    edits: [
      {
        file: 'registry/verdict.ts',
        find: '  if (marks.some((mark) => mark.runId === runId && mark.workerId === record.workerId)) {',
        replace: '  if (marks.length >= 0) {',
      },
      { file: 'registry/clear-run.ts', find: ' && record.settled', replace: '' },
    ],
  },
  {
    name: 'the mark is not looked at again before the signal',
    edits: [
      {
        file: 'os/clearing.ts',
        find: '    sameCookies(before.cookies ?? [], now.cookies ?? [])',
        replace: '    sameCookies(before.cookies ?? [], before.cookies ?? [])',
      },
    ],
  },
  {
    name: 'what the mark proves once is known for ever',
    edits: [{ file: 'registry/clear-run.ts', find: ' && record.settled', replace: '' }],
  },
  {
    name: 'a start time alone proves an orphan',
    edits: [
      {
        file: 'registry/verdict.ts',
        find: "  if (!record.settled) return say('unverified', 'no mark, and recorded too soon after its start');\n",
        replace: '',
      },
      { file: 'registry/clear-run.ts', find: ' && record.settled', replace: '' },
    ],
  },
  {
    name: "a mark of another run's makes a stranger of a worker",
    edits: [
      {
        file: 'os/census.ts',
        find: 'return sighting.session === known.session ? [sighting] : [];',
        replace:
          'return sighting.session === known.session && !isMarkedOtherwise(sighting, claim) ? [sighting] : [];',
      },
      {
        file: 'registry/verdict.ts',
        find: 'if (marks.length > 0 && !record.settled) {',
        replace: 'if (marks.length > 0) {',
      },
    ],
  },
  {
    name: 'to have heard of no death proves that a worker lives',
    edits: [
      {
        file: 'os/settle.ts',
        find: 'else if (seen?.parent === parent && sameProcess(seen, identity)) onSettled();',
        replace: 'else onSettled();',
      },
    ],
  },
  {
    name: 'a dying host that answers is taken for a living one',
    edits: [
      {
        file: 'registry/judge-host.ts',
        find: 'if (seen?.dying !== true || !sameProcess(seen, host)',
        replace: 'if (seen !== null || !sameProcess(seen!, host)',
      },
    ],
  },
  {
    name: 'nobody ever settles',
    edits: [
      {
        file: 'os/settle.ts',
        find: 'else if (seen?.parent === parent && sameProcess(seen, identity)) onSettled();',
        replace: 'else if (seen === null) onSettled();',
      },
    ],
  },
  {
    name: 'members of a session are not followed',
    edits: [
      {
        file: 'os/census.ts',
        find: 'return one.session === one.pid ? [...children, ...(this.#bySession.get(one.session) ?? [])] : children;',
        replace: 'return children;',
      },
    ],
  },
  {
    name: "what a dead leader left in its session is nobody's until it is reaped",
    edits: [
      {
        file: 'os/census.ts',
        find: 'if (found.has(next) || this.#isForbidden(next) ||',
        replace: 'if (found.has(next) || !this.#isFairGame(next) ||',
      },
    ],
  },
  {
    name: "what a reaped leader left in its session is nobody's",
    edits: [
      {
        file: 'os/census.ts',
        find: '    return (claim.orphanedSessions ?? []).flatMap(',
        replace: '    return (claim.orphanedSessions ?? []).slice(9).flatMap(',
      },
    ],
  },
  {
    name: 'the end of a run does not inherit',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: '    for (const ending of this.#endings) ending.inherit(child.identity.pid);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'stragglers are not looked for',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: '    if (this.#closing) return;\n',
        replace: '    if (!this.#closing) return;\n',
      },
    ],
  },
  {
    name: 'a record goes as its worker is told to end',
    edits: [
      {
        file: 'worker/worker-process.ts',
        find: '    if (closeStdin === true) this.#stdin?.end();\n',
        replace: '    this.#runtime.registry.release(this.#input.workerId);\n',
      },
    ],
  },
  {
    name: 'a failed write is not tried again',
    edits: [{ file: 'registry/run-registry.ts', find: '      this.#retrySoon();\n', replace: '' }],
  },
  {
    name: 'ready at once',
    edits: [
      {
        file: 'worker/worker-process.ts',
        find: '  #watchReadiness(): void {\n',
        replace: "  #watchReadiness(): void {\n    this.#tell({ type: 'process.ready' });\n    return;\n",
      },
    ],
  },
  {
    name: 'a shutdown in milliseconds kills at once',
    edits: [
      {
        file: 'worker/stop-plan.ts',
        find: "    return [{ signal: 'SIGTERM', wait: value }, KILL];",
        replace: '    return [KILL];',
      },
    ],
  },
  {
    name: 'all that a worker writes is remembered',
    edits: [
      {
        file: 'worker/output.ts',
        find: 'constructor(limit = TAIL_BYTES) {',
        replace: 'constructor(limit = 1e9) {',
      },
    ],
  },
  {
    name: 'a child of ours is forgotten when it is young',
    edits: [
      {
        file: 'os/clearing.ts',
        find: 'known: [...this.#certain, ...remembered]',
        replace: 'known: remembered',
      },
    ],
  },
  {
    name: 'no verification before the signal',
    edits: [
      {
        file: 'os/clearing.ts',
        find: 'if (now === undefined || now.zombie || !isSame(target, now)) return;',
        replace: 'if (now === undefined) return;',
      },
    ],
  },
  {
    name: 'a living host counts as dead',
    edits: [
      {
        file: 'registry/verdict.ts',
        find: "  if (socket === 'answered') return 'alive';\n",
        replace: "  if (socket === 'answered') return 'dead';\n",
      },
    ],
  },
  {
    name: 'the record goes before its process',
    edits: [
      {
        file: 'host/host.ts',
        find: '    const behind = await leftBehind(',
        replace: '    await this.#removeRecord();\n    const behind = await leftBehind(',
      },
    ],
  },
  {
    name: 'a birth does not wait for its record',
    edits: [
      // So many are written down ahead that few lifetimes come to the end of them; with fewer it is the same bug.
      { file: 'registry/run-registry.ts', find: 'BIRTHS_AHEAD = 256', replace: 'BIRTHS_AHEAD = 8' },
      {
        file: 'registry/run-registry.ts',
        find: '    if (this.#births <= this.#covered) {',
        replace: '    if (this.#births > 0) {',
      },
    ],
  },
  {
    name: 'a birth goes on though its record cannot be written',
    edits: [
      { file: 'registry/run-registry.ts', find: 'BIRTHS_AHEAD = 256', replace: 'BIRTHS_AHEAD = 8' },
      {
        file: 'registry/run-registry.ts',
        find: '      delete data.workers[record.workerId];\n      throw error;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'the boot is not looked at',
    edits: [
      { file: 'os/identity.ts', find: '    a.bootId === b.bootId &&\n', replace: '' },
      {
        file: 'registry/verdict.ts',
        find: "  if (was.bootId !== self.identity.bootId) return say('gone', 'the machine was started anew since');\n",
        replace: '',
      },
    ],
  },
  {
    name: 'a birth in flight is abandoned',
    edits: [
      {
        file: 'worker/worker-machine.ts',
        find: "            stop: { target: '#worker.stopping.cancelling', actions: 'blameStop' },",
        replace: "            stop: { target: '#worker.exited', actions: 'blameStop' },",
      },
    ],
  },
  {
    name: 'a dead leader is enough',
    edits: [
      {
        file: 'worker/worker-machine.ts',
        find: "              { guard: 'treeEmpty', target: 'finishing', actions: 'rememberExit' },\n              { actions: 'rememberExit' },",
        replace: "              { target: 'finishing', actions: 'rememberExit' },",
      },
    ],
  },
  {
    name: 'the stop plan has one stage',
    edits: [
      {
        file: 'worker/worker-machine.ts',
        find: 'context.stage + 1 < context.spec.stopPlan.length && Number.isFinite(stageOf(context).wait)',
        replace: 'false',
      },
    ],
  },
  {
    name: 'a group is signalled when its leader is gone',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: '    if (!child.exited) {\n      const now = await kernel.sight(pid).catch(unknown);',
        replace:
          '    if (kernel.signal(-pid, signal) !== undefined) {\n      const now = await kernel.sight(pid).catch(unknown);',
      },
    ],
  },
  {
    name: 'a pid stays ours when its process was reaped',
    edits: [
      {
        file: 'os/clearing.ts',
        find: '    this.#certain = this.#certain.filter((known) => known.pid !== pid);\n',
        replace: '',
      },
      {
        file: 'os/clearing.ts',
        find: 'known: this.#claim.known.filter((known) => known.pid !== pid)',
        replace: 'known: this.#claim.known',
      },
    ],
  },
  {
    name: 'what left the group is not looked for',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: 'if (child.clearing === undefined && !tools.kernel.groupExists(pid)) {',
        replace: 'if (!tools.kernel.groupExists(pid)) {',
      },
      {
        file: 'os/forker/children.ts',
        find: `      this.#children.delete(child.id);
      report({ is: 'tree-empty', id: child.id });`,
        replace: "      if (this.#children.delete(child.id)) report({ is: 'tree-empty', id: child.id });",
      },
    ],
  },
  {
    name: 'an order to end what has just died is ignored',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: '    if (child === undefined) this.#signalWhatIsLeft(id, workerId, signal);\n    else void',
        replace: '    if (child !== undefined) void',
      },
    ],
  },
  {
    name: 'a stop does not wait for what left the group',
    edits: [
      {
        file: 'os/forker/forker.ts',
        find: 'report.treeEmpty && (report.asked || !birth.signalled)',
        replace: 'report.treeEmpty',
      },
    ],
  },
  {
    name: 'children carry no mark',
    edits: [
      {
        file: 'os/forker/children.ts',
        find: 'Object.assign(Object.create(env), mark)',
        replace: 'Object.assign(Object.create(env), {})',
      },
    ],
  },
  {
    name: 'the forker goes when its host does',
    edits: [
      {
        file: 'os/forker/guardian.ts',
        find: '    if (this.#charge === undefined) return exit(0);',
        replace: '    if (this.#charge === undefined || this.#left.length === 0) return exit(0);',
      },
    ],
  },
  {
    name: 'the forker removes the traces of a living host',
    edits: [
      {
        file: 'os/forker/guardian.ts',
        find: '    await this.#hostIsDead(host);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a new forker before the old one is cleared up after',
    edits: [
      {
        file: 'os/forker/aftermath.ts',
        find: '    const left = await clear(tools, { claim, emptyLooks: 2 }, orphanGrace);',
        replace:
          '    const left = await Promise.race([[] as never[], clear(tools, { claim, emptyLooks: 2 }, orphanGrace)]);',
      },
    ],
  },
  {
    name: 'births ordered from a lost forker are forgotten',
    edits: [
      {
        file: 'os/forker/forker.ts',
        find: "      if (birth.phase === 'ordered') this.#failed(birth, FORKER_LOST);\n      else {",
        replace: "      if (birth.phase !== 'ordered') {",
      },
    ],
  },
  {
    name: 'an order is sent to nobody',
    edits: [
      {
        file: 'os/forker/forker.ts',
        find: 'if (forker !== undefined && forker === this.#forker && this.#closing === undefined) return ends;',
        replace: 'if (forker !== null) return ends;',
      },
    ],
  },
  {
    name: 'a lost forker is not noticed',
    edits: [
      {
        file: 'os/forker/forker-process.ts',
        find: '      if (this.#identity !== undefined) this.#options.onLost(this.#identity, this.#cause);',
        replace: '',
      },
    ],
  },
  {
    name: 'a silent forker is waited for',
    edits: [
      {
        file: 'os/forker/heartbeat.ts',
        find: '    if (this.#unanswered === UNANSWERED) {',
        replace: '    if (this.#unanswered === Number.MAX_VALUE) {',
      },
    ],
  },
  {
    name: 'the sweep forgets a run of which something is left',
    edits: [
      {
        file: 'registry/sweep.ts',
        find: "  if (!empty) return { ...about, outcome: 'kept', processes };\n",
        replace: '',
      },
    ],
  },
  {
    name: 'the sweep ends what is recorded only',
    edits: [
      {
        file: 'os/census.ts',
        find: '    return marked ?? [];',
        replace: '    return workerId === undefined ? [] : (marked ?? []);',
      },
    ],
  },
  {
    name: 'a reservation needs no look by its mark',
    edits: [
      {
        file: 'os/census.ts',
        find: '    const queue = [...this.#marked(claim), ...this.#known(claim), ...this.#orphaned(claim)];',
        replace: '    const queue = [...this.#known(claim), ...this.#orphaned(claim)];',
      },
    ],
  },
  {
    name: 'who is born as its group is signalled is not told',
    edits: [
      {
        file: 'os/clearing.ts',
        find: 'target.startTime < this.#toldGroup.at || target.pid',
        replace: 'target.startTime <= this.#toldGroup.at || target.pid',
      },
    ],
  },
  {
    name: 'one empty look is always enough',
    edits: [
      {
        file: 'os/clearing.ts',
        find: 'const enough = found?.still === true ? this.#options.emptyLooks : 2;',
        replace: 'const enough = 1;',
      },
    ],
  },
  {
    name: 'a session stays ours when its number is used again',
    edits: [{ file: 'os/census.ts', find: 'this.#byPid.has(session) ? [] : (', replace: '(' }],
  },
  ...POOL_MUTANTS,
  ...TASK_MUTANTS,
];
