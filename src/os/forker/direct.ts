/** Spawning without a forker: the host forks. For one-shot scripts; a host killed outright leaves work for a sweep. */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { ClearingTools } from '../clearing.ts';
import { byteSink, byteSource } from '../node-streams.ts';
import type { OsProcess, OsProcessEvent, Spawner, SpawnerOptions, SpawnRequest, Streams } from '../os.ts';
import { openFile } from './child-streams.ts';
import { Children } from './children.ts';
import { environmentOf } from './fork-order.ts';
import type { ChildReport } from './messages.ts';
import { failure } from './spawn-failure.ts';

interface Birth {
  readonly listener: (event: OsProcessEvent) => void;
  readonly process: Promise<ChildProcess | undefined>;
}

export interface DirectSpawnerOptions extends SpawnerOptions {
  readonly tools: ClearingTools;
  readonly env: Readonly<Record<string, string>>;
}

export class DirectSpawner implements Spawner {
  readonly #children: Children;
  readonly #births = new Map<number, Birth>();
  #lastId = 0;

  constructor(options: DirectSpawnerOptions) {
    this.#children = new Children({
      ...options,
      outer: options.tools.kernel.self.cookies,
      report: (report) => void this.#heard(report),
    });
  }

  spawn(request: SpawnRequest, listener: (event: OsProcessEvent) => void): OsProcess {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#births.set(id, { listener, process: Promise.resolve().then(() => this.#fork(id, request)) });
    return { signal: (signal) => this.#children.signal(id, signal ?? null) };
  }

  close(): Promise<readonly number[]> {
    return this.#children.clearAll();
  }

  abandon(): void {
    this.#children.killAllNow();
  }

  async #fork(id: number, request: SpawnRequest): Promise<ChildProcess | undefined> {
    const opened: number[] = [];
    try {
      const stdio = stdioOf(request, opened);
      const { workerId, command, args, cwd } = request;
      const order = { id, workerId, command, args, cwd, env: environmentOf(request), streams: NO_STREAMS };
      return await this.#children.fork(order, stdio);
    } catch (error) {
      void this.#heard({ is: 'fork-failed', id, failure: failure('streams', error) }); // it waits for us to return
      return undefined;
    } finally {
      for (const fd of opened) closeSync(fd);
    }
  }

  async #heard(report: ChildReport): Promise<void> {
    const birth = this.#births.get(report.id)!;
    if (report.is === 'forked') {
      const streams = streamsOf((await birth.process)!);
      birth.listener({ type: 'os.spawned', identity: report.identity, streams });
      return;
    }
    await birth.process; // an exit is not told before the birth
    if (report.is === 'fork-failed') {
      this.#births.delete(report.id);
      birth.listener({ type: 'os.spawnFailed', failure: report.failure });
    } else if (report.is === 'exited') {
      if (report.treeEmpty) this.#births.delete(report.id);
      birth.listener({
        type: 'os.exited',
        code: report.code,
        signal: report.signal,
        treeEmpty: report.treeEmpty,
      });
    } else {
      this.#births.delete(report.id);
      birth.listener({ type: 'os.treeEmpty' });
    }
  }
}

const NO_STREAMS = ['ignore', 'ignore', 'ignore', 'ignore'] as const;

function stdioOf({ stdin, stdout, stderr, fd3 }: SpawnRequest, opened: number[]): StdioOptions {
  return (fd3 === 'pipe' ? [stdin, stdout, stderr, fd3] : [stdin, stdout, stderr]).map((spec, fd) => {
    if (spec === 'inherit') return fd;
    if (typeof spec === 'string') return spec;
    opened.push(openFile(spec.file, fd));
    return opened.at(-1)!;
  });
}

function streamsOf(process: ChildProcess): Streams {
  const source = (stream: unknown) => (stream ? byteSource(stream as Readable) : undefined);
  return {
    stdin: process.stdin ? byteSink(process.stdin as Writable) : undefined,
    stdout: source(process.stdout),
    stderr: source(process.stderr),
    fd3: source(process.stdio[3]),
  };
}
