/** Trees of supervisors as the oracle sees them: by what was asked for, apart from what was made of it. */
import type {
  ChildOptions,
  SupervisorChildOptions,
  SupervisorOptions,
  WorkerChildOptions,
} from '../supervisor/supervisor-spec.ts';

export interface WorkerInTree {
  readonly path: string;
  readonly options: WorkerChildOptions;
  /** It and all above it, but the topmost, are permanent: it has to be up whenever there is peace. */
  readonly stays: boolean;
}

export interface SupervisorInTree {
  readonly path: string;
  readonly options: SupervisorOptions;
}

export const isSupervisor = (child: ChildOptions): child is SupervisorChildOptions =>
  child.type === 'supervisor' || 'children' in child || 'strategy' in child;

const isDynamic = ({ strategy }: SupervisorOptions): boolean =>
  strategy === 'dynamic' || strategy === 'simple_one_for_one';

/** The workers that are there from the start, in the order of that. */
export function workersIn(tree: SupervisorOptions, path = tree.id, stays = true): readonly WorkerInTree[] {
  if (isDynamic(tree)) return [];
  return (tree.children ?? []).flatMap((child): readonly WorkerInTree[] => {
    const below = `${path}/${child.id}`;
    const remains = stays && (child.restart ?? 'permanent') === 'permanent';
    return isSupervisor(child)
      ? workersIn(child, below, remains)
      : [{ path: below, options: child, stays: remains }];
  });
}

/** It, and those below it. */
export function supervisorsIn(tree: SupervisorOptions, path = tree.id): readonly SupervisorInTree[] {
  const below = isDynamic(tree) ? [] : (tree.children ?? []).filter(isSupervisor);
  return [{ path, options: tree }, ...below.flatMap((child) => supervisorsIn(child, `${path}/${child.id}`))];
}
