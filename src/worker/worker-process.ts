/** The effects behind a worker's machine: its record, its process, its streams. Lives as long as one incarnation. */
import { fromCallback } from 'xstate';
import { errorOf, messageOf, SpawnError, type SpawnFailure } from '../errors.ts';
import type { ExitReason } from '../events.ts';
import type { ByteSink, ByteSource, OsProcess, OsProcessEvent } from '../os/os.ts';
import type { Attendant } from './attendant.ts';
import { exitReason } from './exit-reason.ts';
import { runProbe } from './probe.ts';
import { type Probe, watchReadiness } from './readiness.ts';
import type { StopStage } from './stop-plan.ts';
import { LiveWire } from './wire.ts';
import type { ProcessCommand, ProcessEvent, WorkerInput } from './worker-machine.ts';
import { WorkerOutput } from './worker-output.ts';
import { commandOf, requestOf, SILENT } from './worker-request.ts';
import type { WorkerRuntime } from './worker-runtime.ts';
import type { WorkerSpec } from './worker-spec.ts';

export const workerProcess = (runtime: WorkerRuntime) =>
  fromCallback<ProcessCommand, WorkerInput>(({ input, sendBack, receive }) => {
    const process = new WorkerProcess(runtime, input, sendBack);
    receive((command) => process.obey(command));
    void process.begin();
  });

class WorkerProcess {
  readonly #runtime: WorkerRuntime;
  readonly #input: WorkerInput;
  readonly #tell: (event: ProcessEvent) => void;
  readonly #output: WorkerOutput;
  /** Its spec, with what its start function has changed. */
  #spec: WorkerSpec;
  /** What its start function has for whoever asked for the start. */
  #info: unknown;
  /** While its start function is asked. */
  #asking: AbortController | undefined;
  #cancelled = false;
  #process: OsProcess | undefined;
  #stdin: ByteSink | undefined;
  #fd3: ByteSource | undefined;
  #wire: LiveWire | undefined;
  /** We have asked it to end. */
  #stopping = false;
  #notified = false;
  #onNotify: () => void = () => {};
  #stopWatching: () => void = () => {};
  #probes = 0;
  /** Its last readiness command has left nothing; those before it had left nothing when the next was run. */
  #probeOver: Promise<void> = Promise.resolve();

  constructor(runtime: WorkerRuntime, input: WorkerInput, tell: (event: ProcessEvent) => void) {
    this.#runtime = runtime;
    this.#input = input;
    this.#tell = tell;
    const { path } = input;
    this.#spec = input.spec;
    this.#output = new WorkerOutput({
      wanted: () => runtime.isFollowed,
      onLine: (line, stream) => runtime.onLine(path, line, stream),
    });
  }

  async begin(): Promise<void> {
    const { path, workerId } = this.#input;
    this.#adopt(undefined);
    this.#attendant?.begins(this.#input);
    if (this.#spec.start !== undefined && !(await this.#ask(this.#spec.start.ask))) return;
    const spec = this.#spec;
    try {
      await this.#runtime.registry.reserve({ workerId, id: spec.id, path, command: commandOf(spec) });
    } catch (error) {
      this.#fail(
        { phase: 'record', code: causeCode(error), errno: undefined, message: messageOf(error) },
        error,
      );
      return;
    }
    if (this.#cancelled) {
      this.#runtime.registry.release(workerId);
      this.#attendant?.over();
      this.#tell({ type: 'process.cancelled' });
      return;
    }
    this.#process = this.#runtime.spawner.spawn(requestOf(spec, workerId), (event) => this.#heard(event));
  }

  /** Whether it is wanted. */
  async #ask(ask: NonNullable<WorkerSpec['start']>['ask']): Promise<boolean> {
    const { path, starts } = this.#input;
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const unborn = await ask({ path, starts, signal }).then(
      (decision): ExitReason | undefined => {
        if (decision === 'ignore') return { kind: 'ignored' };
        this.#spec = decision.spec;
        this.#info = decision.info;
        return undefined;
      },
      (error: unknown): ExitReason => ({ kind: 'start-refused', error: errorOf(error) }),
    );
    this.#asking = undefined;
    if (signal.aborted) return false; // it was cancelled meanwhile, and has said so
    if (unborn === undefined) this.#tell({ type: 'process.decided', spec: this.#spec });
    else this.#tell({ type: 'process.unborn', reason: unborn });
    return unborn === undefined;
  }

  obey(command: ProcessCommand): void {
    switch (command.type) {
      case 'cancel':
        this.#cancelled = true;
        if (this.#asking === undefined) break;
        this.#asking.abort();
        this.#tell({ type: 'process.cancelled' });
        break;
      case 'watchReadiness':
        this.#watchReadiness();
        break;
      case 'apply':
        this.#apply(command.stage);
        break;
      case 'finish':
        this.#finish();
    }
  }

  get #attendant(): Attendant | undefined {
    return this.#input.spec.attendant;
  }

  #heard(event: OsProcessEvent): void {
    switch (event.type) {
      case 'os.spawned':
        this.#spawned(event);
        break;
      case 'os.spawnFailed':
        this.#fail(event.failure);
        break;
      case 'os.settled':
        this.#runtime.registry.update(this.#input.workerId, { settled: true });
        break;
      case 'os.exited':
        this.#stopWatching();
        this.#attendant?.exited(event);
        this.#wire?.exited(this.#reasonOf(event));
        this.#tell({ ...event, type: 'process.exited' });
        break;
      case 'os.treeEmpty':
        this.#tell({ type: 'process.treeEmpty' });
        break;
      case 'os.forkerLost':
        this.#stopWatching();
        this.#attendant?.exited('forker-lost');
        this.#wire?.exited({ kind: 'forker-lost' });
        this.#tell({ type: 'process.forkerLost' });
    }
  }

  #spawned({ identity, streams }: Extract<OsProcessEvent, { type: 'os.spawned' }>): void {
    const { workerId } = this.#input;
    const { registry } = this.#runtime;
    registry.activate(workerId, identity);
    this.#stdin = streams.stdin;
    this.#adopt(identity.pid);
    const { wire, ready } = this.#spec;
    this.#attendant?.born(identity.pid, streams.stdin);
    if (wire?.over !== 'stdio') this.#output.read('stdout', streams.stdout, this.#attendant);
    this.#output.read('stderr', streams.stderr, this.#attendant);
    if (ready.kind === 'notify') this.#listenForNotice(streams.fd3);
    if (wire !== undefined) {
      const who = { path: this.#input.path, workerId, pid: identity.pid };
      this.#wire = new LiveWire(wire, who, streams, this.#output, this.#runtime.os.clock);
    }
    this.#tell({ type: 'process.spawned', pid: identity.pid });
  }

  #listenForNotice(source: ByteSource | undefined): void {
    this.#fd3 = source;
    source?.listen(
      (bytes) => {
        if (this.#notified || !bytes.includes(NEWLINE)) return;
        this.#notified = true;
        this.#onNotify();
      },
      () => {},
    );
  }

  #adopt(pid: number | undefined): void {
    const { path, workerId } = this.#input;
    this.#runtime.adopt(path, { workerId, output: this.#output, stdin: this.#stdin, pid, info: this.#info });
  }

  #watchReadiness(): void {
    this.#stopWatching = watchReadiness(
      this.#spec.ready,
      {
        os: this.#runtime.os,
        followLines: (onLine) => this.#output.follow(onLine),
        onNotify: (listener) => {
          if (this.#notified) listener();
          else this.#onNotify = listener;
        },
        onHandshake: (listener) => this.#wire?.connection.whenReady(listener),
        runProbe: (command, args) => this.#runProbe(command, args),
      },
      () => this.#tell({ type: 'process.ready' }),
    );
  }

  #runProbe(command: string, args: readonly string[]): Probe {
    const { path } = this.#input;
    const spec = this.#spec;
    this.#probes += 1;
    const workerId = `${this.#input.workerId}?ready:${this.#probes}`;
    const request = { ...requestOf(spec, workerId), workerId, command, args, ...SILENT };
    const record = {
      workerId,
      id: spec.id,
      path,
      command: commandOf({ command, args }),
    };
    const probe = runProbe(this.#runtime, request, record);
    this.#probeOver = probe.over;
    return probe;
  }

  #apply({ signal, closeStdin }: StopStage): void {
    this.#stopWatching();
    this.#stopping = true;
    if (closeStdin === true) this.#stdin?.end();
    this.#process?.signal(signal);
  }

  /** What was written before the death is in the streams already: it is waited for, but not for a stranger's sake. */
  #finish(): void {
    const finish = () => {
      this.#output.destroy();
      this.#stdin?.destroy();
      this.#fd3?.destroy();
      this.#wire?.destroy();
      void this.#probeOver.then(() => {
        this.#over();
        this.#attendant?.over();
        this.#tell({ type: 'process.finished' });
      });
    };
    this.#output.onceHeard(this.#runtime.os.clock, () => {
      if (this.#wire === undefined) finish();
      else this.#wire.onceTold(finish);
    });
  }

  /** Its own death, and not yet the end of all that it has forked. */
  #reasonOf({ code, signal }: Extract<OsProcessEvent, { type: 'os.exited' }>): ExitReason {
    const ending = this.#stopping ? ({ by: 'stop', forced: false } as const) : ({ by: 'itself' } as const);
    return exitReason(ending, code, signal, this.#spec.shutdownExitCodes);
  }

  #fail(failure: SpawnFailure, cause?: unknown): void {
    this.#over();
    const error = new SpawnError(this.#spec.command, failure, cause === undefined ? {} : { cause });
    this.#attendant?.over(error);
    this.#tell({ type: 'process.unborn', reason: { kind: 'spawn-failed', error } });
  }

  #over(): void {
    this.#stopWatching();
    this.#runtime.registry.release(this.#input.workerId);
  }
}

const NEWLINE = 0x0a;
const causeCode = (error: unknown): string => {
  const code = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof code === 'string' ? code : 'ERR_REEVE_REGISTRY';
};
