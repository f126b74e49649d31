/** A supervisor whose calls are told of, as they are made and as they are answered, to whoever judges what comes of them. */
import type { ChildInfo } from '../supervisor/child-info.ts';
import type { Changes } from '../supervisor/plan.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import { handedOver } from './tree.ts';

export type ToldCall =
  | {
      readonly call: 'startChild' | 'terminateChild' | 'restartChild' | 'deleteChild';
      /** Undefined for a child that gets its id from its supervisor. */
      readonly id: string | undefined;
    }
  | { readonly call: 'stop' }
  | Reconfiguration;

export interface Reconfiguration {
  readonly call: 'reconfigure';
  readonly options: Omit<SupervisorOptions, 'id'>;
  readonly apply: boolean;
}

export interface ToldAnswer {
  /** Of a reconfiguration that was taken, and has done what it was to do. */
  readonly changes?: Changes;
  /** The child that was started. */
  readonly child?: ChildInfo;
  /** Undefined when the call was answered as it was meant. */
  readonly error?: unknown;
}

/** Told of a call before it is made; what it returns is told of the answer. */
export type Tell = (path: string, call: ToldCall) => (answer: ToldAnswer) => void;

/**
 * @param judges each of them is told
 * @param isOver it has ended, and its calls do nothing to anybody, were there another of its name by now
 */
export function telling(
  supervisor: Supervisor,
  judges: readonly Tell[],
  isOver: () => boolean = () => false,
): Supervisor {
  const told = <T>(call: ToldCall, made: () => Promise<T>): Promise<T> => {
    const meant = isOver() ? undefined : asMeant(supervisor, call);
    const listeners = meant === undefined ? [] : judges.map((tell) => tell(supervisor.path, meant));
    const answered = (answer: ToldAnswer): void => {
      for (const listener of listeners) listener(answer);
    };
    const promise = made();
    promise.then(
      (value) => answered(answerOf(call, value)),
      (error: unknown) => answered({ error }),
    );
    return promise;
  };
  const calls: Partial<Supervisor> = {
    startChild: (child) => told({ call: 'startChild', id: idOf(child) }, () => supervisor.startChild(child)),
    terminateChild: (id) => told({ call: 'terminateChild', id }, () => supervisor.terminateChild(id)),
    restartChild: (id) => told({ call: 'restartChild', id }, () => supervisor.restartChild(id)),
    deleteChild: (id) => told({ call: 'deleteChild', id }, () => supervisor.deleteChild(id)),
    stop: () => told({ call: 'stop' }, () => supervisor.stop()),
    reconfigure: (options, how) =>
      told({ call: 'reconfigure', options, apply: how?.apply === true }, () =>
        supervisor.reconfigure(options, how),
      ),
    supervisor: (id) => telling(supervisor.supervisor(id), judges),
    partition: (key) => telling(supervisor.partition(key), judges),
  };
  return new Proxy(supervisor, {
    get: (target, key) => {
      const value: unknown = Reflect.get(calls, key) ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function answerOf({ call }: ToldCall, value: unknown): ToldAnswer {
  if (call === 'reconfigure') return { changes: value as Changes };
  return call === 'startChild' || call === 'restartChild' ? { child: value as ChildInfo } : {};
}

/** As it is now. Undefined for what cannot be meant: it is refused, and changes nothing. */
function asMeant({ path }: Supervisor, call: ToldCall): ToldCall | undefined {
  if (call.call !== 'reconfigure') return call;
  const options = handedOver(call.options, path.slice(path.lastIndexOf('/') + 1));
  return options && { ...call, options };
}

const idOf = (child: unknown): string | undefined =>
  typeof child === 'object' && child !== null && 'id' in child ? String(child.id) : undefined;
