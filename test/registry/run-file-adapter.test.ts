/** How a run's file gets to disk: whole, private, newest first, and each caller answered for its own data. */
import { statSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Low } from 'lowdb';
import { describe, expect, test } from 'vitest';
import { nodeOs } from '../../src/os/node-os.ts';
import type { Files } from '../../src/os/os.ts';
import { RunFileAdapter } from '../../src/registry/run-file-adapter.ts';
import { namesIn } from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const PATH = '/state/runs/1_a.json';

/** Files in memory whose writes end when, and as, the test says. */
class HeldFiles implements Files {
  readonly disk = new Map<string, string>();
  readonly log: string[] = [];
  /** Each write that waits, oldest first. */
  readonly held: { readonly path: string; readonly text: string; end(error?: Error): void }[] = [];
  failRename: Error | undefined;

  async read(path: string): Promise<string | undefined> {
    return this.disk.get(path);
  }
  write(path: string, text: string): Promise<void> {
    this.log.push(`write ${path}`);
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        this.held.splice(0, 1);
        this.disk.set(path, error === undefined ? text : text.slice(0, 3));
        if (error === undefined) resolve();
        else reject(error);
      };
      this.held.push({ path, text, end });
    });
  }
  async rename(from: string, to: string): Promise<void> {
    this.log.push(`rename ${from}`);
    if (this.failRename !== undefined) throw this.failRename;
    this.disk.set(to, this.disk.get(from)!);
    this.disk.delete(from);
  }
  async remove(path: string): Promise<void> {
    this.log.push(`remove ${path}`);
    this.disk.delete(path);
  }
  async list(): Promise<readonly string[]> {
    return [...this.disk.keys()];
  }
  async makePrivateDirectory(): Promise<void> {}
  absolute = (path: string): string => path;
}

/** Whether a promise has settled, and how. */
function watch(promise: Promise<void>): { state: 'waiting' | 'done' | Error } {
  const watched: { state: 'waiting' | 'done' | Error } = { state: 'waiting' };
  promise.then(
    () => {
      watched.state = 'done';
    },
    (error: Error) => {
      watched.state = error;
    },
  );
  return watched;
}

const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });

describe('writing', () => {
  test('answers each caller when its data is under the name, and no later', async () => {
    const files = new HeldFiles();
    const adapter = new RunFileAdapter<number>(files, PATH);
    const first = watch(adapter.write(1));
    await nextTurn();
    const second = watch(adapter.write(2));
    await nextTurn();
    expect(files.held.map(({ text }) => text)).toEqual(['1']);
    files.held[0]!.end();
    await nextTurn();
    expect(first.state).toBe('done');
    expect(second.state).toBe('waiting');
    expect(files.disk.get(PATH)).toBe('1');
    files.held[0]!.end();
    await nextTurn();
    expect(second.state).toBe('done');
    expect(files.disk.get(PATH)).toBe('2');
  });

  test('makes one write of all that come while another is under way, and it is the newest', async () => {
    const files = new HeldFiles();
    const adapter = new RunFileAdapter<number>(files, PATH);
    void adapter.write(0);
    await nextTurn();
    const waiting = Array.from({ length: 100 }, (_, index) => watch(adapter.write(index + 1)));
    files.held[0]!.end();
    await nextTurn();
    expect(files.held.map(({ text }) => text)).toEqual(['100']);
    expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(['waiting']));
    files.held[0]!.end();
    await nextTurn();
    expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(['done']));
    expect(files.log.filter((line) => line.startsWith('write'))).toHaveLength(2);
  });

  test('takes the data as it is when the write begins', async () => {
    const files = new HeldFiles();
    const db = new Low<{ workers: string[] }>(new RunFileAdapter(files, PATH), { workers: [] });
    void db.write();
    await nextTurn();
    db.data.workers.push('a');
    const saved = watch(db.write());
    db.data.workers.push('b');
    files.held[0]!.end();
    await nextTurn();
    expect(files.held[0]!.text).toBe('{"workers":["a","b"]}');
    files.held[0]!.end();
    await nextTurn();
    expect(saved.state).toBe('done');
  });

  test('never has two writes under way, and names no temporary file twice', async () => {
    const files = new HeldFiles();
    const adapter = new RunFileAdapter<number>(files, PATH);
    for (let round = 0; round < 20; round += 1) {
      const written = adapter.write(round);
      await nextTurn();
      void adapter.write(round);
      await nextTurn();
      expect(files.held).toHaveLength(1);
      files.held[0]!.end();
      await written;
      await nextTurn();
      files.held[0]!.end();
      await nextTurn();
    }
    const names = files.log.filter((line) => line.startsWith('write'));
    expect(names).toHaveLength(40);
    expect(new Set(names).size).toBe(40);
    expect(names).not.toContain(`write ${PATH}`);
    expect([...files.disk]).toEqual([[PATH, '19']]);
  });
});

describe('a write that fails', () => {
  test('is told to those who waited for it, leaves the old file, and removes its own', async () => {
    const files = new HeldFiles();
    files.disk.set(PATH, 'old');
    const adapter = new RunFileAdapter<string>(files, PATH);
    const written = watch(adapter.write('new'));
    await nextTurn();
    files.held[0]!.end(full);
    await nextTurn();
    expect(written.state).toBe(full);
    expect([...files.disk]).toEqual([[PATH, 'old']]);
  });

  test('does not spoil the next, which carries its data too', async () => {
    const files = new HeldFiles();
    const db = new Low<string[]>(new RunFileAdapter(files, PATH), []);
    db.data.push('a');
    const first = watch(db.write());
    await nextTurn();
    db.data.push('b');
    const second = watch(db.write());
    files.held[0]!.end(full);
    await nextTurn();
    files.held[0]!.end();
    await nextTurn();
    expect([first.state, second.state]).toEqual([full, 'done']);
    expect(files.disk.get(PATH)).toBe('["a","b"]');
  });

  test('at its rename is no different', async () => {
    const files = new HeldFiles();
    const adapter = new RunFileAdapter<number>(files, PATH);
    files.failRename = full;
    const first = watch(adapter.write(1));
    await nextTurn();
    files.held[0]!.end();
    await nextTurn();
    expect(first.state).toBe(full);
    expect(files.disk.size).toBe(0);
    files.failRename = undefined;
    const second = watch(adapter.write(2));
    await nextTurn();
    files.held[0]!.end();
    await nextTurn();
    expect(second.state).toBe('done');
    expect([...files.disk]).toEqual([[PATH, '2']]);
  });

  test('because of its data fails alone', async () => {
    const files = new HeldFiles();
    const adapter = new RunFileAdapter<unknown>(files, PATH);
    await expect(adapter.write(1n)).rejects.toThrow(TypeError);
    const next = watch(adapter.write(1));
    await nextTurn();
    files.held[0]!.end();
    await nextTurn();
    expect(next.state).toBe('done');
  });
});

describe('on a real disk', () => {
  test('the file is whole at every moment, private, and alone', async () => {
    const directory = temporaryDirectory();
    const path = `${directory}/1_a.json`;
    const umask = process.umask(0);
    try {
      const adapter = new RunFileAdapter<{ round: number; filler: string }>(nodeOs().files, path);
      const filler = 'x'.repeat(50_000);
      let writing = true;
      const writes = (async () => {
        for (let round = 1; round <= 200; round += 1) await adapter.write({ round, filler });
        writing = false;
      })();
      const seen: number[] = [];
      while (writing) {
        const read = await adapter.read(); // throws when it is torn
        if (read !== null) seen.push(read.round);
        if (read !== null) expect(read.filler).toBe(filler);
      }
      await writes;
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.length).toBeGreaterThan(1);
      expect((await adapter.read())?.round).toBe(200);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(namesIn(directory)).toEqual(['1_a.json']);
    } finally {
      process.umask(umask);
    }
  });

  test('a file that was open to others is replaced by one that is not', async () => {
    const path = `${temporaryDirectory()}/1_a.json`;
    writeFileSync(path, 'old', { mode: 0o644 });
    await new RunFileAdapter<number>(nodeOs().files, path).write(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('no file is read as nothing', async () => {
    expect(await new RunFileAdapter(nodeOs().files, `${temporaryDirectory()}/1_a.json`).read()).toBeNull();
  });
});
