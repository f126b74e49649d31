/** A supervision tree and what is done to it, as data; and as the term that OTP's side reads. */

export type Verdict = 'ok' | 'error' | 'ignore';
/** What a child's start answers, attempt by attempt; then `ok`. A gate answers what it is told when it is opened. */
export type Script = readonly (Verdict | 'gate')[];
export type How = 'normal' | 'shutdown' | 'tagged' | 'killed' | 'boom';

export interface ChildPlan {
  readonly id: string;
  /** `worker`, or a supervisor's flags. */
  readonly kind: 'worker' | SupervisorPlan;
  readonly restart: 'permanent' | 'transient' | 'temporary';
  readonly significant: boolean;
  readonly shutdown: 'obeys' | 'brutal';
  readonly script: Script;
  /** A template's: the scripts of the first children that are started from it. */
  readonly scripts: readonly Script[];
}

export interface SupervisorPlan {
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
  readonly intensity: number;
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
  readonly children: readonly ChildPlan[];
}

export type Request =
  /** Of a dynamic supervisor: one more. */
  | readonly ['start_child', ChildPlan | 'none']
  | readonly ['terminate_child' | 'restart_child' | 'delete_child', string];

export type Command =
  /** Children of one supervisor end by themselves, at the same moment, in this order. */
  | { readonly do: 'die'; readonly supervisor: string; readonly deaths: readonly (readonly [string, How])[] }
  | { readonly do: 'call'; readonly supervisor: string; readonly request: Request }
  /** The start that waits answers this. */
  | { readonly do: 'open'; readonly verdict: Verdict };

export interface Sequence {
  readonly tree: ChildPlan;
  readonly commands: readonly Command[];
}

/** So many restarts that no sequence comes to their end. */
export const MANY = 1_000;

const binary = (text: string): string => `<<"${text}">>`;
const list = (items: readonly string[]): string => `[${items.join(',')}]`;
const tuple = (...items: readonly string[]): string => `{${items.join(',')}}`;

export const termOf = ({ tree, commands }: Sequence): string =>
  tuple(childTerm(tree, false), list(commands.map(commandTerm)));

function childTerm(child: ChildPlan, isTemplate: boolean): string {
  const { id, kind, restart, significant, shutdown, script, scripts } = child;
  const scriptTerm = isTemplate ? list(scripts.map(list)) : list(script);
  return tuple(binary(id), kindTerm(kind), restart, String(significant), shutdown, scriptTerm);
}

function kindTerm(kind: ChildPlan['kind']): string {
  if (kind === 'worker') return kind;
  const { strategy, intensity, autoShutdown, children } = kind;
  const isTemplate = strategy === 'simple_one_for_one';
  const terms = list(children.map((child) => childTerm(child, isTemplate)));
  return tuple('sup', strategy, String(intensity), autoShutdown, terms);
}

function commandTerm(command: Command): string {
  switch (command.do) {
    case 'die':
      return tuple(
        'die',
        binary(command.supervisor),
        list(command.deaths.map(([path, how]) => tuple(binary(path), how))),
      );
    case 'call':
      return tuple('call', binary(command.supervisor), requestTerm(command.request));
    case 'open':
      return tuple('open', command.verdict);
  }
}

function requestTerm(request: Request): string {
  if (request[0] !== 'start_child') return tuple(request[0], binary(request[1]));
  return tuple(request[0], request[1] === 'none' ? 'none' : childTerm(request[1], false));
}
