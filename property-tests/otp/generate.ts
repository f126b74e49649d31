/** Trees and commands by chance. */
import fc from 'fast-check';
import {
  type ChildPlan,
  type Command,
  type How,
  MANY,
  type Script,
  type Sequence,
  type SupervisorPlan,
  type Verdict,
} from './sequence.ts';

/** Ids of children that are added. */
const FRESH = ['x', 'y'] as const;
const IDS = ['a', 'b', 'c', 'd'] as const;
/** How many children of a template commands are meant for. */
const NUMBERED = 3;

const oneOf = <T>(...choices: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const restart = oneOf<ChildPlan['restart']>([5, 'permanent'], [3, 'transient'], [2, 'temporary']);
const strategy = oneOf<SupervisorPlan['strategy']>(
  [4, 'one_for_one'],
  [4, 'one_for_all'],
  [4, 'rest_for_one'],
  [2, 'simple_one_for_one'],
);
const intensity = oneOf([1, 0], [1, 1], [1, 2], [2, 3], [8, MANY]);
const autoShutdown = oneOf<SupervisorPlan['autoShutdown']>(
  [4, 'never'],
  [1, 'any_significant'],
  [2, 'all_significant'],
);
const verdict = oneOf<Verdict>([4, 'ok'], [5, 'error'], [2, 'ignore']);
const how = oneOf<How>([3, 'normal'], [2, 'shutdown'], [1, 'tagged'], [2, 'killed'], [6, 'boom']);

/** Whose first start fails ends all that is about to start: that is rare. */
const script: fc.Arbitrary<Script> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Script>([]) },
  {
    weight: 10,
    arbitrary: fc
      .array(oneOf<Script[number]>([4, 'ok'], [4, 'error'], [2, 'ignore'], [4, 'gate']), { maxLength: 4 })
      .map((rest): Script => ['ok', ...rest]),
  },
  {
    weight: 1,
    arbitrary: fc.array(oneOf<Script[number]>([3, 'ok'], [2, 'error'], [2, 'ignore'], [3, 'gate']), {
      maxLength: 3,
    }),
  },
);

/** A child as it is drawn: what does not go together is put right when it has its place. */
type Draft = Omit<ChildPlan, 'id' | 'kind'> & { readonly kind: 'worker' | DraftOfSupervisor };
type DraftOfSupervisor = Omit<SupervisorPlan, 'children'> & { readonly children: readonly Draft[] };

/** @param levels how many levels of supervisors there may be from here on */
function draft(levels: number): fc.Arbitrary<Draft> {
  const kind: fc.Arbitrary<Draft['kind']> =
    levels === 0
      ? fc.constant('worker')
      : fc.oneof(
          { weight: 3, arbitrary: fc.constant('worker' as const) },
          { weight: 1, arbitrary: flags(levels) },
        );
  return fc.record({
    kind,
    restart,
    significant: oneOf([2, false], [1, true]),
    shutdown: oneOf<ChildPlan['shutdown']>([6, 'obeys'], [1, 'brutal']),
    script,
    scripts: fc.array(script, { maxLength: NUMBERED }),
  });
}

function flags(levels: number): fc.Arbitrary<DraftOfSupervisor> {
  const children = fc.array(draft(levels - 1), { minLength: 1, maxLength: IDS.length });
  return fc.record({ strategy, intensity, autoShutdown, children });
}

function childOf(
  { kind, restart, significant, shutdown, script, scripts }: Draft,
  id: string,
  parent: DraftOfSupervisor,
): ChildPlan {
  const isTemplate = parent.strategy === 'simple_one_for_one';
  return {
    id,
    kind: kind === 'worker' ? kind : flagsOf(kind),
    restart,
    // OTP refuses others.
    significant: significant && parent.autoShutdown !== 'never' && restart !== 'permanent',
    shutdown,
    script: isTemplate ? [] : script,
    scripts: isTemplate ? scripts.map(withoutLateIgnore) : [],
  };
}

/**
 * OTP 25 keeps a child of a simple_one_for_one supervisor that is ignored at its restart, as one with the pid
 * `undefined`, and of several such only one. Later ones drop it, as Reeve does.
 */
const withoutLateIgnore = (script: Script): Script =>
  script.map((verdict, index) => (verdict === 'ignore' && index > 0 ? 'error' : verdict));

function flagsOf(draft: DraftOfSupervisor): SupervisorPlan {
  const isDynamic = draft.strategy === 'simple_one_for_one';
  const children = isDynamic ? draft.children.slice(0, 1) : draft.children;
  return {
    ...draft,
    children: children.map((child, index) => childOf(child, isDynamic ? 't' : IDS[index]!, draft)),
  };
}

/** A supervisor that commands may be meant for, and the ids of children that it may have. */
interface Target {
  readonly path: string;
  readonly plan: SupervisorPlan;
  readonly ids: readonly string[];
}

function targetsIn(path: string, plan: SupervisorPlan): readonly Target[] {
  const isDynamic = plan.strategy === 'simple_one_for_one';
  const numbers = Array.from({ length: NUMBERED }, (_, index) => `t.${index + 1}`);
  const ids = isDynamic ? numbers : [...plan.children.map(({ id }) => id), ...FRESH];
  const below = ids.flatMap((id) => {
    const child = isDynamic ? plan.children[0] : plan.children.find((one) => one.id === id);
    return child === undefined || child.kind === 'worker' ? [] : targetsIn(`${path}/${id}`, child.kind);
  });
  return [{ path, plan, ids }, ...below];
}

/** A command as it is drawn: numbers that stand for whoever there is. */
type DraftOfCommand =
  | { readonly do: 'die'; readonly at: number; readonly deaths: readonly { of: number; how: How }[] }
  | { readonly do: 'start'; readonly at: number; readonly id: number; readonly child: Draft }
  | { readonly do: 'terminate' | 'restart' | 'delete'; readonly at: number; readonly id: number }
  | { readonly do: 'open'; readonly verdict: Verdict };

const number = fc.nat({ max: 999 });
const commandDraft: fc.Arbitrary<DraftOfCommand> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      at: number,
      deaths: fc.array(fc.record({ of: number, how }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('start' as const), at: number, id: number, child: draft(1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('terminate' as const, 'restart' as const, 'delete' as const),
      at: number,
      id: number,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), verdict }) },
);

function commandOf(draft: DraftOfCommand, targets: readonly Target[]): Command {
  if (draft.do === 'open') return { do: 'open', verdict: draft.verdict };
  const { path, plan, ids } = targets[draft.at % targets.length]!;
  const isDynamic = plan.strategy === 'simple_one_for_one';
  if (draft.do === 'die') {
    const deaths = new Map(draft.deaths.map(({ of, how }) => [`${path}/${ids[of % ids.length]}`, how]));
    return { do: 'die', supervisor: path, deaths: [...deaths] };
  }
  const id = ids[draft.id % ids.length]!;
  if (draft.do !== 'start')
    // OTP names dynamic children by their pids, and knows no such calls for them.
    return {
      do: 'call',
      supervisor: path,
      request: [isDynamic ? 'terminate_child' : (`${draft.do}_child` as const), id],
    };
  const child = isDynamic ? ('none' as const) : childOf(draft.child, id, plan as DraftOfSupervisor);
  return { do: 'call', supervisor: path, request: ['start_child', child] };
}

/** Up to three levels of supervisors. */
export const sequences: fc.Arbitrary<Sequence> = fc
  .record({ top: flags(3), commands: fc.array(commandDraft, { minLength: 1, maxLength: 24 }) })
  .map(({ top, commands }) => {
    const plan = flagsOf(top);
    const tree: ChildPlan = {
      id: 'top',
      kind: plan,
      restart: 'temporary',
      significant: false,
      shutdown: 'obeys',
      script: [],
      scripts: [],
    };
    const targets = targetsIn('top', plan);
    return { tree, commands: commands.map((command) => commandOf(command, targets)) };
  });
