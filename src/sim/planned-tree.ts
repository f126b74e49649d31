/** The tree of supervisors that a plan asks for. */
import type { ChildOptions, SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import type { ChildPlan, GenerationPlan, InnerPlan } from './plan.ts';

const PLANNED_TREE = 'tree';
const PLANNED_INNER = 'inner';

const QUICK_MS = 200;
const START_TIMEOUT_MS = 2_000;

export function plannedTree(generation: GenerationPlan): SupervisorOptions {
  const { children, intensity, strategy, autoShutdown, inner } = generation;
  const ordered = strategy === 'one_for_one' ? generation.ordered : true;
  const all = children.map((child, index) => plannedChild(child, index, autoShutdown));
  if (inner === undefined)
    return { id: PLANNED_TREE, strategy, ordered, intensity, autoShutdown, children: all };
  const outside = all.slice(0, Math.max(0, all.length - inner.size));
  const below = plannedInner(inner, generation, all.slice(outside.length));
  return { id: PLANNED_TREE, strategy, ordered, intensity, autoShutdown, children: [...outside, below] };
}

/** Its children, when it is dynamic, are for those who start some. */
function plannedInner(
  { strategy, restart, shutdown }: InnerPlan,
  { intensity, autoShutdown }: GenerationPlan,
  children: readonly ChildOptions[],
): ChildOptions {
  const rest = strategy === 'dynamic' ? {} : { children, autoShutdown };
  return {
    type: 'supervisor',
    id: PLANNED_INNER,
    strategy,
    restart,
    intensity,
    shutdown: shutdown === 'quick' ? QUICK_MS : shutdown,
    ...rest,
  };
}

function plannedChild(
  { command, restart, significant, backoff, shutdown, ready }: ChildPlan,
  index: number,
  autoShutdown: GenerationPlan['autoShutdown'],
): ChildOptions {
  return {
    id: `${index}-${command}`,
    command,
    restart,
    significant: significant && restart !== 'permanent' && autoShutdown !== 'never',
    backoff: backoff && restart !== 'temporary' ? { initial: 20, max: 500 } : false,
    startTimeout: START_TIMEOUT_MS,
    ...(ready === 'notify' ? { ready: { notify: 'fd' as const } } : {}),
    ...(ready === 'log' ? { ready: { log: /ready/ } } : {}),
    ...(shutdown === 'default' ? {} : { shutdown: shutdown === 'quick' ? QUICK_MS : shutdown }),
  };
}
