/** A file system of 64 KiB that a test can fill, in a mount namespace that ends with the test. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { until } from './processes.ts';
import { temporaryDirectory } from './temporary.ts';

export interface SmallDisk {
  /** Leads there from outside its namespace. */
  readonly path: string;
  fill(): void;
  free(): void;
}

/** Undefined, and a loud word, where mounting is not permitted. */
export async function smallDisk(options = 'size=64k'): Promise<SmallDisk | undefined> {
  const mountPoint = temporaryDirectory();
  const script = 'mount -t tmpfs -o "$1" tmpfs "$0" && echo mounted && exec sleep 1200';
  const holder = spawn('unshare', ['-m', 'sh', '-c', script, mountPoint, options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let over = false;
  const gone = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
    };
    holder.once('exit', end);
    holder.once('error', end);
  });
  for (const stream of [holder.stdout, holder.stderr]) {
    stream.on('data', (bytes) => {
      said += bytes;
    });
  }
  onTestFinished(async () => {
    holder.kill('SIGKILL');
    await gone;
  });
  await until('the disk is mounted, or will not be', () => said.includes('mounted') || over);
  if (over) {
    console.warn(`SKIPPED: a small disk cannot be mounted here: ${said.trim()}`);
    return undefined;
  }
  const path = `/proc/${holder.pid}/root${mountPoint}`;
  const filler = `${path}/filler`;
  return {
    path,
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(1024 * 1024));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return;
      }
      throw new Error('the disk is not small');
    },
    free: () => rmSync(filler),
  };
}
