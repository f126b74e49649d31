/** One task, as whoever has begun it holds it: how far it is, what it says, what became of it. */
import { ItemStream } from '../flow/item-stream.ts';
import { LineSplitter } from '../worker/output.ts';
import type { OutputStream } from '../worker/worker-output.ts';
import type { JoinedSignal } from './joined-signal.ts';
import type { TaskResult, TaskStatus } from './result.ts';
import type { TaskPhase, TaskRun, TaskRunOptions } from './task-run.ts';

export interface TaskLine {
  readonly stream: OutputStream;
  readonly line: string;
}

/** Lines that wait to be taken: from so many on the task is not read, until there are few again. */
const ROOM = { full: 1_024, few: 256 };

export class TaskHandle {
  readonly id: string;
  /** Never rejects. */
  readonly result: Promise<TaskResult>;
  readonly #run: TaskRun;
  readonly #end: JoinedSignal;
  readonly #followers = new Set<Follower>();
  #isOver = false;
  #phase: TaskPhase | TaskStatus = 'waiting';

  /** @internal use `host.run` @param end aborted by whoever else may end it @param begin gives it what it runs by */
  constructor(
    end: JoinedSignal,
    begin: (watch: Pick<TaskRunOptions, 'onPhase' | 'onOutput' | 'signal'>) => TaskRun,
  ) {
    this.#end = end;
    this.#run = begin({
      signal: end.signal,
      onPhase: (phase) => {
        this.#phase = phase;
      },
      onOutput: (stream, bytes) => this.#wrote(stream, bytes),
    });
    this.id = this.#run.spec.id;
    this.result = this.#live();
  }

  /** Of the process that there is, or that there was last; undefined before the first. */
  get pid(): number | undefined {
    return this.#run.attempt?.pid;
  }

  /** Names it in the host's history; undefined before it has begun, and when that is not kept. */
  get recordId(): string | undefined {
    return this.#run.kept?.recordId;
  }

  status(): TaskPhase | TaskStatus {
    return this.#phase;
  }

  /** The end of what its newest attempt has written so far. */
  output(): { readonly stdout: string; readonly stderr: string } {
    const { attempt } = this.#run;
    return { stdout: attempt?.stdout ?? '', stderr: attempt?.stderr ?? '' };
  }

  /** What it writes from now on, line by line, all its attempts one after the other. Whoever takes lines slowly slows it. */
  lines(): AsyncIterableIterator<TaskLine> {
    const follower = new Follower(() => this.#followers.delete(follower));
    if (this.#isOver) follower.end();
    else this.#followers.add(follower);
    return follower.lines;
  }

  /** Ends it, with all that it has forked; its result says `cancelled`. Resolves when it is over. */
  async stop(why = 'stop()'): Promise<TaskResult> {
    this.#end.abort(new Error(why));
    return this.result;
  }

  async #live(): Promise<TaskResult> {
    const result = await this.#run.result();
    this.#end.release();
    this.#isOver = true;
    this.#phase = result.status;
    for (const follower of [...this.#followers]) follower.end();
    return result;
  }

  #wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    const waits = [...this.#followers].map((follower) => follower.wrote(stream, bytes)).filter(isWait);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }
}

const isWait = (wait: Promise<void> | undefined): wait is Promise<void> => wait !== undefined;

/** Somebody who reads the lines of a task. */
class Follower {
  readonly lines: ItemStream<TaskLine>;
  readonly #splitters: Readonly<Record<OutputStream, LineSplitter>>;
  /** While the lines have to wait to be taken. */
  #wait: Promise<void> | undefined;

  constructor(onLeft: () => void) {
    this.lines = new ItemStream<TaskLine>(onLeft, ROOM);
    let resume = (): void => {};
    this.lines.comesFrom({
      pause: () => {
        this.#wait = new Promise((resolve) => {
          resume = resolve;
        });
      },
      resume: () => {
        this.#wait = undefined;
        resume();
      },
    });
    const splitter = (stream: OutputStream) => new LineSplitter((line) => this.lines.add({ stream, line }));
    this.#splitters = { stdout: splitter('stdout'), stderr: splitter('stderr') };
  }

  /** Resolves when there is room for more; undefined when there is. */
  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    this.#splitters[stream].add(bytes);
    return this.#wait;
  }

  end(): void {
    for (const splitter of Object.values(this.#splitters)) splitter.end();
    this.lines.finish();
  }
}
