/** What a host without a forker forks with: Node makes the pipes, and the host keeps its ends. */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { byteDuplex, byteSink, byteSource } from '../node-streams.ts';
import type { SpawnRequest, Streams } from '../os.ts';
import { openFile } from './child-streams.ts';
import type { DirectChild } from './direct.ts';
import { forkChild } from './fork-child.ts';
import type { ForkOrder } from './messages.ts';

/** Throws when a file cannot be opened; nothing stays open then. */
export function directFork(order: ForkOrder, request: SpawnRequest, env: NodeJS.ProcessEnv): DirectChild {
  const opened: number[] = [];
  try {
    const child = forkChild(order, env, stdioOf(request, opened));
    return { ...child, streams: () => streamsOf(child.process!) };
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

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
    fd3: process.stdio[3] ? byteDuplex(process.stdio[3] as Duplex) : undefined,
  };
}
