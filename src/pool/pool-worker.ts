/** From a pool's `worker` option to the specs of its children: a worker like any other, with a wire to the pool. */
import { messageOf, OptionsError } from '../errors.ts';
import type { Programs } from '../os/os.ts';
import {
  parseSupervisorSpec,
  type SupervisorSpec,
  type WorkerChildSpec,
} from '../supervisor/supervisor-spec.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import type { Connection, Wire } from '../worker/wire.ts';
import { WORKER_KEYS, type WorkerSpec } from '../worker/worker-spec.ts';
import type { PoolSettings } from './pool-options.ts';

/** The children's id in their supervisor, before the number. */
const CHILD_ID = 'worker';
/** Set for every worker; the names are the contract's. */
const CHANNEL = 'REEVE_CHANNEL';
const LONGEST = 'REEVE_LONGEST_MESSAGE';

export interface PoolWorker {
  /** The pool's supervisor, whose only spec is its workers' template. */
  readonly supervisor: SupervisorSpec;
  readonly form: 'json-lines' | 'frames';
  readonly startTimeout: number;
}

const OWN_KEYS = WORKER_KEYS.filter((key) => !['id', 'stdin', 'start'].includes(key));

/** Throws an `OptionsError`. @param connect called with each new worker's wire */
export function poolWorker(
  settings: PoolSettings,
  programs: Programs,
  connect: (wire: Wire) => Connection,
): PoolWorker {
  const { worker, name, longestMessage } = settings;
  const isModule = typeof worker === 'object' && worker !== null && 'module' in worker;
  const reader = new OptionReader(
    worker,
    'worker',
    isModule
      ? [...OWN_KEYS.filter((key) => key !== 'command'), 'module', 'execArgv']
      : [...OWN_KEYS, 'channel'],
  );
  const over = isModule ? 'fd3' : reader.oneOf('channel', ['stdio', 'fd3'], 'stdio');
  if (over === 'stdio' && reader.has('stdout'))
    reader.fail('stdout', "is the channel; or take channel: 'fd3'");
  const options = { ...reader.only(OWN_KEYS), ...(isModule ? moduleCommand(reader, programs) : {}) };
  const template = parseTemplate(name, {
    ...options,
    id: CHILD_ID,
    restart: 'temporary',
    ...(over === 'stdio' ? { stdin: 'pipe', stdout: 'pipe' } : {}),
  });
  const child = onlyChild(template);
  if (child.ready.kind === 'notify' && over === 'fd3') reader.fail('ready', 'descriptor 3 is the channel');
  const ready = reader.has('ready') ? child.ready : ({ kind: 'handshake' } as const);
  const env = {
    ...child.env,
    PYTHONPATH: pythonPath(programs, child),
    [CHANNEL]: isModule ? 'frames' : over,
    [LONGEST]: String(longestMessage),
  };
  const spec: WorkerSpec & WorkerChildSpec = { ...child, ready, env, wire: { over, connect } };
  const { startTimeout } = spec;
  return {
    supervisor: { ...template, children: [spec] },
    form: isModule ? 'frames' : 'json-lines',
    startTimeout,
  };
}

/** Complaints are about the pool's options, and not about the supervisor's that are made of them. */
function parseTemplate(name: string, child: object): SupervisorSpec {
  try {
    return parseSupervisorSpec({ id: name, strategy: 'simple_one_for_one', children: [child] });
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const path = error.path.replace(/^children\[0\]/, 'worker');
    throw new OptionsError(path, error.message.slice(error.path.length + 2));
  }
}

function onlyChild({ children }: SupervisorSpec): WorkerChildSpec {
  return children[0] as WorkerChildSpec;
}

function moduleCommand(reader: OptionReader, programs: Programs): object {
  const module = reader.get('module');
  if (typeof module !== 'string' && !(module instanceof URL)) {
    reader.fail('module', `expected a path or a file: URL, got ${show(module)}`);
  }
  const execArgv = reader.strings('execArgv', []);
  const own = reader.strings('args', []);
  try {
    const { command, args } = programs.runModule(String(module), execArgv);
    return { command, args: [...args, ...own] };
  } catch (error) {
    return reader.fail('module', messageOf(error));
  }
}

/** So that `import reeve_worker` finds it; what was there before stays behind it. */
function pythonPath({ helpers }: Programs, { env }: WorkerSpec): string {
  const { PYTHONPATH: own } = env;
  return own === undefined || own === '' ? helpers : `${helpers}:${own}`;
}
