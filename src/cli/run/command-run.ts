/** One `reeve run`: the host's tasks, what is shown and logged of them, and how it comes to its end. */
import { codeOf, messageOf, SpawnError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { nodeOs } from '../../os/node-os.ts';
import type { Signal } from '../../os/os.ts';
import type { TaskResult } from '../../tasks/result.ts';
import type { TaskOutput, TaskProgress } from '../../tasks/run-options.ts';
import { enoughFor } from '../../tasks/total-timeout.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
import type { OutputError } from '../stdout.ts';
import { describeEvent } from '../up-view.ts';
import type { Draft, Drafts } from './drafts.ts';
import { Ending } from './ending.ts';
import { exitValuesOf, hasRun, shellCodeOf } from './exit-values.ts';
import { haltExitCode, isReached } from './halt.ts';
import { InOrder } from './in-order.ts';
import { Interrupts } from './interrupts.ts';
import { outputOf } from './job-output.ts';
import type { Joblog } from './joblog.ts';
import { isCutOff, type Job, type JobPhase, Jobs } from './jobs.ts';
import type { RunPlan } from './options.ts';
import { describeProgress } from './progress.ts';
import { asJson, describeFailure, resultOf } from './report.ts';
import { Screen } from './screen.ts';
import { Tally } from './tally.ts';

/** Milliseconds after we were told to end at once in which our output may still be read. */
const UNREAD_MS = 2_000;
/** Events that people should know of. */
const TOLD = new Set(['forker.lost', 'host.left-behind', 'registry.warning', 'tasks.warning']);

/** Of the progress of a task, what is not its end. */
const PHASES: ReadonlySet<string> = new Set(['running', 'retrying', 'fallback'] satisfies JobPhase[]);

export interface CommandRunParts {
  readonly host: Host;
  readonly plan: RunPlan;
  readonly drafts: Drafts;
  readonly joblog: Joblog | undefined;
  /** How many have to be run; undefined while it is not known. */
  readonly total: number | undefined;
}

/** A task that is over. */
interface Ended {
  readonly job: Job;
  readonly result: TaskResult;
  /** Another run has to do it again. */
  readonly isCutOff: boolean;
}

export class CommandRun {
  readonly #host: Host;
  readonly #plan: RunPlan;
  readonly #joblog: Joblog | undefined;
  readonly #total: number | undefined;
  readonly #jobs: Jobs;
  readonly #screen: Screen;
  readonly #interrupts: Interrupts;
  readonly #order: InOrder<Ended>;
  readonly #tally = new Tally();
  readonly #end = new AbortController();
  readonly #begunAt = performance.now();
  #isTimeOver = false;
  readonly #ending = new Ending((complaint) => this.#screen.say(complaint));

  constructor({ host, plan, drafts, joblog, total }: CommandRunParts) {
    this.#host = host;
    this.#plan = plan;
    this.#joblog = joblog;
    this.#total = total;
    this.#order = new InOrder(plan.isOrdered);
    this.#screen = new Screen((stream, error) => this.#broken(stream, error));
    this.#jobs = new Jobs({
      drafts,
      joblog,
      outputOf: (draft) => this.#outputOf(draft),
      gate: this.#order,
    });
    host.events.on((event) => {
      if (TOLD.has(event.type)) this.#screen.say(describeEvent(event) ?? event.type);
    });
    this.#interrupts = new Interrupts(nodeOs().lifetime, {
      drain: (signal) => this.#drain(signal),
      end: (signal) => this.#giveUp(signal),
    });
  }

  /** Resolves with the exit code, unless a signal has come: then we end by that. Nothing is left in any case. */
  async run(): Promise<number> {
    const late = this.#stopReadingInTime();
    try {
      this.#screen.follow(() => this.#progress());
      await this.#runAll();
    } catch (error) {
      this.#ending.broken(messageOf(error));
    } finally {
      clearTimeout(late);
      this.#jobs.close();
      await this.#host.stop();
    }
    await this.#tellEnd();
    await this.#screen.close();
    this.#interrupts.finish();
    return this.#ending.code(this.#tally.failed);
  }

  async #runAll(): Promise<void> {
    const { jobs, retries, timeout, delay } = this.#plan;
    const totalTimeout = this.#totalTimeout();
    const results = this.#host.runEach(this.#jobs.tasks(), {
      concurrency: jobs,
      retries,
      stagger: delay,
      signal: this.#end.signal,
      onOutput: (output) => this.#took(output),
      onProgress: ({ index, status }) => {
        if (isPhase(status)) this.#jobs.enter(index, status);
      },
      ...(timeout === undefined ? {} : { timeout }),
      ...(totalTimeout === undefined ? {} : { totalTimeout }),
    });
    for await (const result of results) {
      const job = this.#jobs.of(result.index);
      this.#jobs.over(result.index);
      const isEnding = this.#end.signal.aborted || this.#isTimeOver;
      const ended = {
        job,
        result: resultOf(job, result),
        isCutOff: isCutOff(job, result, retries, isEnding),
      };
      this.#count(ended);
      for (const next of this.#order.add(result.index, ended)) await this.#tell(next);
    }
  }

  #took({ index, stream, bytes }: TaskOutput): Promise<void> | undefined {
    const job = this.#jobs.of(index);
    if (stream === 'stdout') job.received += bytes.length;
    try {
      return job.output.took(stream, bytes);
    } catch (error) {
      this.#fail(`what tasks write cannot be held: ${messageOf(error)}`);
      return undefined;
    }
  }

  #count({ result }: Ended): void {
    const { halt } = this.#plan;
    this.#tally.add(result);
    if (halt === undefined || this.#ending.isDecided || result.status === 'cancelled') return;
    const total = this.#total ?? 0;
    if (!isReached(halt, this.#tally, total)) return;
    this.#ending.halted(haltExitCode(halt, this.#tally, total, shellCodeOf(result)));
    if (halt.when === 'now') this.#stop('--halt');
    else this.#jobs.close();
  }

  /** The others are told of, too, when one cannot be: whoever waits for its turn is not to wait for ever. */
  async #tell(ended: Ended): Promise<void> {
    try {
      await this.#show(ended);
      this.#log(ended);
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  /** What is logged has been shown: whoever is killed in between shows it again, and loses nothing. */
  async #show({ job, result }: Ended): Promise<void> {
    if (result.status === 'cancelled') job.output.drop();
    await job.output.show(!(result.error instanceof SpawnError));
    if (this.#plan.json) await this.#screen.write('stdout', `${JSON.stringify(asJson(job, result))}\n`);
    if (result.status !== 'ok' && result.status !== 'cancelled')
      this.#screen.say(describeFailure(job, result));
  }

  #log({ job, result, isCutOff }: Ended): void {
    if (this.#joblog === undefined || this.#ending.isLost) return;
    if (!hasRun(result) || isCutOff) return;
    this.#joblog.add({
      seq: job.seq,
      startedAt: result.startedAt ?? Date.now(),
      durationMs: result.durationMs,
      received: job.received,
      commandLine: job.commandLine,
      ...exitValuesOf(result),
    });
  }

  async #tellEnd(): Promise<void> {
    const isFine = this.#tally.ok === this.#tally.total;
    if (this.#plan.json) {
      const summary = { type: 'summary', ...this.#tally.summary(), resumed: this.#jobs.resumed };
      await this.#screen.write('stdout', `${JSON.stringify(summary)}\n`);
    }
    if (this.#ending.isLate) this.#screen.say('the time for all was over before all were begun');
    if (!isFine && !this.#ending.isUnread) this.#screen.say(this.#tally.describe());
  }

  #drain(signal: Signal): void {
    this.#jobs.close();
    this.#screen.say(
      `${signal}: no more tasks are begun; ${this.#jobs.running} still run, and one more signal ends them`,
    );
  }

  #giveUp(signal: Signal): void {
    this.#stop(`ended by ${signal}`);
    setTimeout(() => {
      this.#ending.lost();
      this.#screen.giveUp();
    }, UNREAD_MS).unref();
  }

  #stop(why: string): void {
    this.#jobs.close();
    this.#end.abort(new Error(why));
  }

  #fail(complaint: string): void {
    this.#ending.broken(complaint);
    this.#stop(complaint);
  }

  /** A reader that has gone, as `head` does, wants no more. */
  #broken(stream: OutputStream, error: OutputError): void {
    const name = stream === 'stdout' ? 'standard output' : 'standard error';
    if (codeOf(error) !== 'EPIPE')
      this.#fail(`${name} cannot be written: ${messageOf(error)}; stopping in order`);
    else {
      this.#ending.unread();
      this.#stop(`nobody reads ${name}`);
    }
  }

  #outputOf({ tag }: Draft) {
    const { form, isTagged } = this.#plan;
    return outputOf(form, isTagged ? `${tag}\t` : undefined, (stream, bytes) =>
      this.#screen.write(stream, bytes),
    );
  }

  #totalTimeout(): number | undefined {
    const { totalTimeout, timeout = 0, jobs } = this.#plan;
    return totalTimeout === 'auto' ? enoughFor(this.#total ?? 0, jobs, timeout) : totalTimeout;
  }

  /** When the time for all is over, nobody waits for another line. */
  #stopReadingInTime(): NodeJS.Timeout | undefined {
    const totalTimeout = this.#totalTimeout();
    if (totalTimeout === undefined) return undefined;
    return setTimeout(() => {
      this.#isTimeOver = true;
      if (this.#jobs.isExhausted) return;
      this.#jobs.close();
      this.#ending.late();
    }, totalTimeout);
  }

  #progress(): string {
    return describeProgress(
      {
        total: this.#jobs.total,
        done: this.#tally.total,
        resumed: this.#jobs.resumed,
        failed: this.#tally.failed,
        running: this.#jobs.running,
        elapsed: performance.now() - this.#begunAt,
      },
      this.#screen.columns,
    );
  }
}

const isPhase = (status: TaskProgress['status']): status is JobPhase => PHASES.has(status);
