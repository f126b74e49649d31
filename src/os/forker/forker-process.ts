/** One forker process, from its start to its end, as the host sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ForkerError } from '../../errors.ts';
import { KILL_PATIENCE_MS } from '../clearing.ts';
import { type Cookie, cookieVariables } from '../cookie.ts';
import type { ProcessIdentity } from '../identity.ts';
import type { KernelName } from '../kernels.ts';
import type { Clock } from '../os.ts';
import { Heartbeat } from './heartbeat.ts';
import { Line } from './line.ts';
import type { FifoBatch, ForkerCommand, ForkerReport } from './messages.ts';

/** How long a forker may take from its start to its first word, in milliseconds. */
const START_TIMEOUT_MS = 10_000;

/** A small heap and no helper threads: 17 MB of its own, and forks stay cheap. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--single-threaded', '--v8-pool-size=0', '--no-warnings'];

export interface ForkerProcessOptions {
  readonly clock: Clock;
  readonly runId: string;
  readonly outer: readonly Cookie[];
  readonly env: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly secret: string;
  readonly firstStream: number;
  readonly fifoDirectory: string | undefined;
  readonly firstFifos: FifoBatch | undefined;
  readonly leftovers: readonly string[];
  readonly orphanGrace: number;
  readonly kernelName: KernelName;
  readonly onReport: (report: ForkerReport) => void;
  /** It was ready once, and is gone without having been dismissed. */
  readonly onLost: (identity: ProcessIdentity, cause: string) => void;
}

export class ForkerProcess {
  /** Rejects when it ends, or says nothing for 10 s, before it is ready. */
  readonly ready: Promise<ProcessIdentity>;
  /** It is dead and reaped. True when it ended by itself, having removed what was to be removed. */
  readonly gone: Promise<boolean>;
  readonly #process: ChildProcess;
  readonly #line: Line<ForkerCommand, ForkerReport> | undefined;
  readonly #options: ForkerProcessOptions;
  readonly #heartbeat: Heartbeat;
  #identity: ProcessIdentity | undefined;
  #announce: (identity: ProcessIdentity) => void = () => {};
  #dismissed = false;
  #gaveUp = false;
  /** Dismissed, or dead. */
  #over = false;
  /** Why it ended, in its own words or the system's. */
  #cause = 'it closed its line';

  constructor(options: ForkerProcessOptions) {
    this.#options = options;
    this.#heartbeat = new Heartbeat(
      options.clock,
      () => this.send({ do: 'answer' }),
      () => this.#silent(),
    );
    this.#process = startProgram(options);
    this.gone = new Promise((resolve) => {
      this.#process.once('exit', (code) => resolve(code === 0));
      this.#process.once('error', () => resolve(false));
    });
    this.ready = this.#firstWord();
    this.ready.catch(() => {}); // whoever waits for it hears of it
    if (this.#process.pid === undefined) return; // without a process there are no streams either
    const socket = this.#process.stdio[3];
    if (socket === undefined || socket === null) return;
    this.#line = new Line(
      socket as Socket,
      (report) => this.#heard(report),
      () => this.#lineClosed(),
    );
    this.#process.unref();
    const { runId, outer, env, socketPath, secret, firstStream } = options;
    const { fifoDirectory, firstFifos, leftovers, orphanGrace } = options;
    this.#line.send({
      do: 'begin',
      runId,
      outer,
      env,
      socketPath,
      secret,
      firstStream,
      fifoDirectory,
      firstFifos,
      leftovers,
      orphanGrace,
    });
  }

  send(command: ForkerCommand): void {
    this.#line?.send(command);
  }

  /** Whether it keeps the host from ending, and is asked now and then whether it is well. */
  hold(held: boolean): void {
    this.#line?.hold(held);
    if (held && this.#line !== undefined && !this.#over) this.#heartbeat.start();
    else this.#heartbeat.stop();
  }

  /** It may go; what it would do when the host dies, it does now. Killed when that takes longer than it may. */
  dismiss(): void {
    this.#dismissed = true;
    this.#over = true;
    this.#heartbeat.stop();
    const { clock, orphanGrace } = this.#options;
    const timer = clock.setTimeout(() => this.#process.kill('SIGKILL'), orphanGrace + KILL_PATIENCE_MS);
    void this.gone.then(() => clock.clearTimeout(timer));
    this.#process.ref();
    this.#line?.destroy();
  }

  #firstWord(): Promise<ProcessIdentity> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#dismissed = true; // what it says from now on comes too late
        reject(new ForkerError(`the forker said nothing for ${START_TIMEOUT_MS} ms`));
        this.#process.kill('SIGKILL');
      }, START_TIMEOUT_MS);
      this.#announce = (identity) => {
        clearTimeout(timer);
        resolve(identity);
      };
      this.#process.once('error', reject);
      this.#process.once('exit', (code, signal) => {
        this.#over = true;
        this.#heartbeat.stop();
        if (!this.#gaveUp)
          this.#cause = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
        reject(new ForkerError(this.#cause));
      });
      void this.gone.then(() => clearTimeout(timer));
    });
  }

  #heard(report: ForkerReport): void {
    this.#heartbeat.heard();
    if (this.#dismissed && this.#identity === undefined) return; // given up before it was ready
    if (report.is === 'ready') {
      this.#identity = report.identity;
      this.#announce(report.identity);
    } else if (report.is === 'broken') {
      this.#cause = report.message;
    } else if (report.is !== 'well') {
      this.#options.onReport(report);
    }
  }

  /** Whether it is stopped or stuck: dead, it can be replaced. */
  #silent(): void {
    this.#gaveUp = true;
    this.#cause = 'it did not answer, and was killed';
    this.#process.kill('SIGKILL');
  }

  /** Without its line it is of no use, dead or not: make sure that it is dead. */
  #lineClosed(): void {
    if (this.#dismissed) return;
    this.#process.kill('SIGKILL'); // our own child, not reaped yet, or this does nothing
    void this.gone.then(() => {
      if (this.#identity !== undefined) this.#options.onLost(this.#identity, this.#cause);
    });
  }
}

function startProgram({ kernelName, runId, outer, env }: ForkerProcessOptions): ChildProcess {
  // The host's own NODE_OPTIONS are not for it: an inspector's port or a preloaded module would be used twice.
  const { NODE_OPTIONS: _, ...inherited } = env;
  return spawn(process.execPath, [...NODE_FLAGS, programPath(), kernelName, runId], {
    detached: true, // Ctrl-C in a terminal must not reach it
    cwd: '/',
    env: { ...inherited, ...cookieVariables({ runId, workerId: '' }, outer) },
    // Its own 0 to 2, the line, and the host's 0 to 2 for workers that are to inherit them.
    stdio: ['ignore', 'ignore', orIgnore(2), 'pipe', orIgnore(0), orIgnore(1), orIgnore(2)],
  });
}

/** In a checkout the tests run the sources, which Node 20 cannot: the program is always the built one. */
function programPath(): string {
  const here = new URL('./program.js', import.meta.url);
  return fileURLToPath(import.meta.url.endsWith('.ts') ? here.href.replace('/src/os/', '/dist/os/') : here);
}

function orIgnore(fd: number): number | 'ignore' {
  try {
    fstatSync(fd);
    return fd;
  } catch {
    return 'ignore'; // the host was started without it
  }
}
