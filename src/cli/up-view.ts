/** What `reeve up` shows: a live tree below the output on a terminal, plain lines elsewhere. */
import { styleText } from 'node:util';
import type { TimedEvent } from '../events.ts';
import type { Host } from '../host/host.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { describeExit } from '../worker/exit-reason.ts';

/** Where lines go; a terminal can also take them back. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** Milliseconds between two drawings of the tree. */
const REDRAW_MS = 100;

type Color = Parameters<typeof styleText>[0];
const COLORS: Record<string, Color> = {
  spawning: 'yellow',
  restarting: 'yellow',
  running: 'green',
  stopping: 'yellow',
  exited: 'red',
};

export class UpView {
  readonly #host: Host;
  readonly #screen: Screen;
  #treeLines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: Host, screen: Screen) {
    this.#host = host;
    this.#screen = screen;
    host.events.on((event) => this.#show(event));
    host.onOutput((path, line) => this.print(`${this.#paint('dim', `${path} |`)} ${line}`));
  }

  /** A line above the tree. */
  print(line: string): void {
    this.#eraseTree();
    this.#screen.write(`${line}\n`);
    this.#redrawSoon();
  }

  #show(event: TimedEvent): void {
    const line = describeEvent(event);
    if (line !== undefined) this.print(this.#paint('cyan', `reeve: ${line}`));
    else this.#redrawSoon();
    if (event.type === 'host.stopped') this.#finish();
  }

  #redrawSoon(): void {
    if (!this.#screen.isTerminal) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#eraseTree();
      this.#drawTree();
    }, REDRAW_MS);
    this.#timer.unref();
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#eraseTree();
  }

  #eraseTree(): void {
    if (this.#treeLines > 0) this.#screen.write(`\x1b[${this.#treeLines}A\x1b[0J`);
    this.#treeLines = 0;
  }

  #drawTree(): void {
    const lines = treeOf(this.#host).map(({ text, state }) => {
      const cut = text.slice(0, Math.max(20, this.#screen.columns - 1));
      return state === undefined ? cut : cut.replace(state, this.#paint(COLORS[state] ?? 'white', state));
    });
    this.#screen.write(`${lines.join('\n')}\n`);
    this.#treeLines = lines.length;
  }

  #paint(color: Color, text: string): string {
    return this.#screen.isTerminal ? styleText(color, text) : text;
  }
}

interface TreeLine {
  readonly text: string;
  readonly state?: string;
}

function treeOf(host: Host): readonly TreeLine[] {
  const supervisors = host.supervisors.map((supervisor, index) => {
    const isLast = index === host.supervisors.length - 1;
    const head = { text: `${isLast ? '└' : '├'}─ ${supervisor.path}` };
    return [head, ...childrenOf(supervisor, isLast ? '   ' : '│  ')];
  });
  return [{ text: `${host.name} ${host.runId}` }, ...supervisors.flat()];
}

/** @param indent what is left of their branches */
function childrenOf(supervisor: Supervisor, indent: string): readonly TreeLine[] {
  const children = supervisor.whichChildren().toReversed();
  return children.flatMap((child, at): readonly TreeLine[] => {
    const { id, type, state, pid, starts, command } = child;
    const isLast = at === children.length - 1;
    const times = starts > 1 ? ` ×${starts}` : '';
    const process = `${String(pid ?? (type === 'worker' ? '-' : '')).padStart(7)}${times.padEnd(5)}`;
    const text = `${indent}${isLast ? '└' : '├'}─ ${id.padEnd(12)} ${state.padEnd(10)} ${process} ${command}`;
    const line = { text: text.trimEnd(), state };
    const isUp = type === 'supervisor' && state === 'running';
    return isUp
      ? [line, ...childrenOf(supervisor.supervisor(id), `${indent}${isLast ? '   ' : '│  '}`)]
      : [line];
  });
}

/** Undefined for what only the tree shows. */
export function describeEvent(event: TimedEvent): string | undefined {
  switch (event.type) {
    case 'worker.state':
      return event.state === 'running' ? `${event.path} is ready (pid ${event.pid})` : undefined;
    case 'worker.exited':
      return `${event.path} ${describeExit(event.reason)}`;
    case 'worker.lingers':
      return `${event.path} (pid ${event.pid}) does not die of SIGKILL; trying again`;
    case 'child.started':
      return event.child === 'supervisor' ? `${event.path} is up` : undefined; // a worker has said so itself
    case 'supervisor.decided':
      return event.delay > 0 ? `${event.path} is started again in ${event.delay} ms` : undefined;
    case 'supervisor.exited':
      return event.reason.kind === 'auto-shutdown'
        ? `${event.path} ${describeExit(event.reason)}`
        : undefined;
    case 'supervisor.restarting':
      return `${event.path} is started again`;
    case 'supervisor.gave-up':
      return `${event.path} gives up because of ${event.because}, which ${describeExit(event.reason)}`;
    case 'supervisor.half-started':
      return `${event.path} leaves ${event.down.join(', ')} down`;
    case 'forker.lost':
      return `the forker died (${event.cause}); ending and restarting its workers`;
    case 'host.stopping':
      return `stopping in order (${event.why})`;
    case 'host.stopped':
      return event.nothingLeft ? 'stopped; nothing is left' : 'stopped';
    case 'host.left-behind':
      return `left behind: ${event.pids.join(', ') || 'nobody knows what'} (${event.message}); a later sweep goes on`;
    case 'registry.warning':
    case 'tasks.warning':
      return `warning: ${event.message}`;
    default:
      return undefined;
  }
}
