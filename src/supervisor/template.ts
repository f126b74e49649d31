/** The specs of a dynamic supervisor's children: its template with what is added, or each its own. */
import { OptionsError } from '../errors.ts';
import { OptionReader } from '../worker/option-reader.ts';
import { parseEnvironment } from '../worker/worker-spec.ts';
import {
  type ChildOptions,
  type ChildSpec,
  parseChildSpec,
  type SupervisorSpec,
  type WorkerChildSpec,
} from './supervisor-spec.ts';

/** What one child of a simple_one_for_one supervisor has more than the template. */
export interface ExtraOptions {
  /** After the template's. */
  readonly args?: readonly string[];
  /** Added to the template's; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Throws an `OptionsError`. */
export function specOfChild(
  { strategy, autoShutdown, children, extraArguments }: SupervisorSpec,
  given: ChildOptions | ExtraOptions | readonly string[],
): ChildSpec {
  if (strategy !== 'simple_one_for_one') {
    const spec = parseChildSpec(given, '', strategy, autoShutdown);
    return withExtra(spec, extraArguments, [], {});
  }
  const reader = new OptionReader(Array.isArray(given) ? { args: given } : given, '', ['args', 'env']);
  const args = reader.strings('args', []);
  const template = children[0]!;
  if (template.type === 'supervisor' && (args.length > 0 || reader.has('env'))) {
    throw new OptionsError(
      '',
      'the template is a supervisor, which takes neither arguments nor an environment',
    );
  }
  return withExtra(template, extraArguments, args, parseEnvironment(reader));
}

function withExtra(
  spec: ChildSpec,
  before: readonly string[],
  after: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ChildSpec {
  if (spec.type === 'supervisor') return spec;
  const add = <Spec extends Pick<WorkerChildSpec, 'args' | 'env'>>(to: Spec): Spec => ({
    ...to,
    args: [...before, ...to.args, ...after],
    env: { ...to.env, ...env },
  });
  const { start } = spec;
  if (start === undefined) return add(spec);
  const ask: typeof start.ask = async (call) => {
    const decision = await start.ask(call);
    return decision === 'ignore' ? decision : { ...decision, spec: add(decision.spec) };
  };
  return { ...add(spec), start: { origin: start.origin, ask } };
}
