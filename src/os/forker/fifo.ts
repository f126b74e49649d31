/** FIFOs: how they are made, and how either side opens its end without ever waiting for the other. */
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { codeOf } from '../../errors.ts';
import type { FifoBatch } from './messages.ts';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** Milliseconds after which a file system that does not answer is given up; as a rule it takes two. */
const MAKE_TIMEOUT_MS = 2_000;

export const fifoPath = (directory: string, id: number): string => `${directory}/${id}`;

/** Undefined where there can be none. Systems other than Linux tell a reader differently that its writers are gone. */
export function makeFifoDirectory(path: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch {
    return undefined;
  }
}

/**
 * Node cannot make a FIFO: the program of that name makes a batch. Resolves with false when it did not; then none are
 * left, for those that were made may hold the last inodes of a small disk.
 */
export async function makeFifos(directory: string, { first, count }: FifoBatch): Promise<boolean> {
  const names = Array.from({ length: count }, (_, index) => String(first + index));
  const made = await runMkfifo(directory, names).catch(() => false);
  if (!made) for (const name of names) rmSync(`${directory}/${name}`, { force: true });
  return made;
}

function runMkfifo(directory: string, names: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const maker = spawn('mkfifo', ['-m', '600', ...names], {
      cwd: directory,
      stdio: 'ignore',
      detached: true, // out of our own group, so that whoever ends the run ends it too
      timeout: MAKE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    maker.once('error', () => resolve(false));
    maker.once('exit', (code) => resolve(code === 0));
  });
}

/** The host's end. Before the first writer has come there is nothing to read, and no end either. */
export function openToRead(path: string): Socket {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    return new Socket({ fd, readable: true, writable: false }).on('error', () => {}); // 'close' follows
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * The child's end, blocking. To open it waits for a reader, and the host may just have died: so we are one ourselves
 * for as long as that takes.
 */
export function openToWrite(path: string): number {
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    return openSync(path, O_WRONLY);
  } finally {
    closeSync(reader);
  }
}

/** Whether nobody reads it, as when it was made. An end has told that nobody writes; this asks for the rest. */
export function hasNoReader(path: string): boolean {
  try {
    closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
    return false;
  } catch (error) {
    return codeOf(error) === 'ENXIO';
  }
}
