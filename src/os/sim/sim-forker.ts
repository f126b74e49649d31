/** A forker as one more simulated process: started, spoken to, killed and cut off like any other. */
import { cookieVariables } from '../cookie.ts';
import type { ForkerChild, ForkerHears, ForkerProcessOptions } from '../forker/forker-process.ts';
import { type ForkerStreams, Guardian } from '../forker/guardian.ts';
import type { ForkerCommand, ForkerReport } from '../forker/messages.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';
import { simClock } from './sim-clock.ts';
import { type BirthPlace, forkOn, hearExits, type Reaped } from './sim-fork.ts';
import { simKernel } from './sim-kernel.ts';
import { SimLine } from './sim-line.ts';

/** Milliseconds from a forker's fork to its first word, at least; up to twice that by chance. */
const FORKER_STARTS_IN = 20;

/** What `launch-forker.ts` is on a real machine. */
export function launchSimForker(
  place: BirthPlace,
  host: SimProcess,
  reaped: Reaped,
  { runId, outer, env }: ForkerProcessOptions,
  hears: ForkerHears,
): ForkerChild {
  const { machine, forkers } = place.installed;
  machine.boundary(host, 'before starting the forker');
  let forker: SimProcess;
  try {
    forker = machine.fork(host, {
      environment: { ...env, ...cookieVariables({ runId, workerId: '' }, outer) },
      commandLine: `node program.js linux ${runId}`,
      session: undefined,
      group: undefined,
      origin: { runId, workerId: '' },
      threaded: true,
    });
  } catch (error) {
    const ended = Promise.resolve({ error: error as Error });
    return { send: () => {}, hold: () => {}, kill: () => {}, letGo: () => {}, ended };
  }
  const ended = reaped(forker);
  const line = new SimLine(machine);
  forkers.set(forker, line);
  const end = line.join<ForkerCommand, ForkerReport>(
    host,
    (report) => hears.onReport(report),
    () => hears.onClosed(),
  );
  becomeForker(place, forker, line);
  machine.boundary(host, 'after starting the forker');
  return {
    send: (command) => end.send(command),
    hold: () => {},
    kill: () => {
      if (host.alive && forker.state !== 'reaped') machine.kill(host, forker.pid, 'SIGKILL');
    },
    letGo: () => end.close(),
    ended,
  };
}

/** What `program.ts` is on a real machine. */
function becomeForker(place: BirthPlace, self: SimProcess, line: SimLine): void {
  const { machine } = place.installed;
  const early: (() => void)[] = [];
  let guardian: Guardian | undefined;
  const whenUp = (action: () => void): void => {
    if (guardian === undefined) early.push(action);
    else action();
  };
  const end = line.join<ForkerReport, ForkerCommand>(
    self,
    (command) => whenUp(() => guardian!.obey(command)),
    () => whenUp(() => void guardian!.hostIsGone()),
  );
  const starts = FORKER_STARTS_IN * (1 + machine.prng.fraction());
  machine.later(self, starts, () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
      machine.handle(self, signal, 'ignore');
    }
    const kernel = simKernel(machine, self);
    const reaped = hearExits(self);
    guardian = new Guardian({
      kernel,
      clock: simClock(machine, self),
      report: (report) => end.send(report),
      openStreams: (): ForkerStreams => ({
        connect: () => {},
        makeFifos: async () => false,
        fork: (order, env) => forkOn(place, self, reaped, order, env),
      }),
      remove: (path) => removeAs(machine, self, path),
      exit: (code) => machine.exit(self, code),
    });
    for (const action of early.splice(0)) action();
  });
}

function removeAs(machine: SimMachine, self: SimProcess, path: string): boolean {
  machine.boundary(self, 'before removing');
  if (!self.alive) return false;
  try {
    const directory = path.slice(0, path.lastIndexOf('/'));
    for (const name of machine.disk.list(directory)) {
      const full = `${directory}/${name}`;
      if (full.startsWith(`${path}.`) && full.endsWith('.tmp')) machine.disk.remove(full);
    }
    machine.disk.remove(path);
    return true;
  } catch {
    return false;
  }
}
