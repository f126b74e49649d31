/** What a process reads and writes, through either spawner: pipes, files, what it inherits, nothing. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isAlive, proc, until } from '../support/processes.ts';
import { openRun } from '../support/spawner.ts';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const flagsOf = (pid: number, fd: number) =>
  Number.parseInt(/^flags:\s+(\d+)/m.exec(proc(pid, `fdinfo/${fd}`)!)![1]!, 8);

/** What the test runner itself would hand to any child: its descriptors above 2 without close-on-exec. */
function leakedByTheRunner(): ReadonlySet<string> {
  const fds = readdirSync('/proc/self/fd').map(Number);
  return new Set(
    fds.flatMap((fd) => {
      const flags = proc(process.pid, `fdinfo/${fd}`); // undefined for the descriptor that listed them
      if (fd <= 2 || flags === undefined || (flagsOf(process.pid, fd) & O_CLOEXEC) !== 0) return [];
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    }),
  );
}

describe.each(['forker', 'direct'] as const)('%s', (kind) => {
  test('standard output and error arrive whole and apart', async () => {
    const run = await openRun(kind);
    const child = await run.sh('echo out; echo err >&2; printf end');
    await child.exited();
    await until('all is heard', () => child.stdout() === 'out\nend' && child.stderr() === 'err\n');
  });

  test('a megabyte arrives whole', async () => {
    const run = await openRun(kind);
    const child = await run.sh('head -c 1000000 /dev/zero | tr "\\0" x');
    await until('all is heard', () => child.stdoutEnded());
    expect(child.stdout()).toBe('x'.repeat(1_000_000));
  });

  test('what is written to standard input is read, and its end is an end', async () => {
    const run = await openRun(kind);
    const child = await run.sh('cat; echo over', { stdin: 'pipe' });
    await child.streams.stdin!.write('hello ');
    await child.streams.stdin!.write(new Uint8Array([0x79, 0x6f, 0x75]));
    await child.line(/hello you/);
    child.streams.stdin!.end();
    await child.line(/over/);
    expect(await child.exited()).toMatchObject({ code: 0 });
  });

  test('writing to one who is gone is an error', async () => {
    const run = await openRun(kind);
    const child = await run.sh('exit 0', { stdin: 'pipe' });
    await child.exited();
    const failed = () =>
      child.streams.stdin!.write('x').then(
        () => false,
        () => true,
      );
    await until('a write fails', failed);
  });

  test('an ignored stream is /dev/null', async () => {
    const run = await openRun(kind);
    const child = await run.spawn('/bin/sleep', ['1000']).born();
    expect([0, 1, 2].map((fd) => readlinkSync(`/proc/${child.pid}/fd/${fd}`))).toEqual([
      '/dev/null',
      '/dev/null',
      '/dev/null',
    ]);
    expect(child.streams).toEqual({ stdin: undefined, stdout: undefined, stderr: undefined, fd3: undefined });
  });

  test("an inherited stream is the host's own", async () => {
    const run = await openRun(kind);
    const stdio = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' } as const;
    const child = await run.spawn('/bin/sleep', ['1000'], stdio).born();
    for (const fd of [0, 1, 2]) {
      expect(readlinkSync(`/proc/${child.pid}/fd/${fd}`)).toBe(readlinkSync(`/proc/self/fd/${fd}`));
    }
  });

  test('a file is read from', async () => {
    const run = await openRun(kind);
    const file = join(run.directory, 'in.txt');
    writeFileSync(file, 'from a file\n');
    const child = await run.sh('cat', { stdin: { file } });
    await child.line(/from a file/);
  });

  test('a file is appended to by all who write to it, and made for its owner alone', async () => {
    const run = await openRun(kind);
    const file = join(run.directory, 'out.log');
    for (const word of ['first', 'second']) {
      const child = await run.sh(`echo ${word}; echo ${word} >&2`, { stdout: { file }, stderr: { file } });
      await child.exited();
    }
    expect(readFileSync(file, 'utf8')).toBe('first\nfirst\nsecond\nsecond\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("a relative file is relative to the host's directory", async () => {
    const run = await openRun(kind);
    const file = join(run.directory, 'out.log');
    const child = await run.sh('echo here', { stdout: { file: relative(process.cwd(), file) } });
    await child.exited();
    expect(readFileSync(file, 'utf8')).toBe('here\n');
  });

  test('a file in a directory that is not there is a failure of the streams', async () => {
    const run = await openRun(kind);
    const file = join(run.directory, 'none', 'out.log');
    const failure = await run.spawn('/bin/true', [], { stdout: { file } }).failed();
    expect(failure).toMatchObject({ phase: 'streams', code: 'ENOENT', errno: -2 });
  });

  test('a FIFO is not waited for: without a writer it is empty, without a reader refused', async () => {
    const run = await openRun(kind);
    const fifo = join(run.directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = await run.sh('cat; echo "status $?"', { stdin: { file: fifo } });
    await reader.line(/^status 0\n$/);
    await reader.exited(); // the shell reads it too
    const failed = await run.spawn('/bin/true', [], { stdout: { file: fifo } }).failed();
    expect(failed).toMatchObject({ phase: 'streams', code: 'ENXIO' });
  });

  test('what is written to fd 3 is heard', async () => {
    const run = await openRun(kind);
    const child = await run.sh('echo ready >&3', { fd3: 'pipe' });
    await until('it is heard', () => child.fd3() === 'ready\n');
  });

  test('a Python program can wait on fd 3', async () => {
    const run = await openRun(kind);
    const streams = { stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' } as const;
    const child = await run.spawn('python3', [fixture('reads-fd3.py')], streams).born();
    await child.line(/waiting/);
    expect(flagsOf(child.pid, 3) & O_NONBLOCK).toBe(0);
    child.streams.fd3!.destroy();
    await child.line(/read b''/);
    expect(child.stderr()).toBe('');
  });

  test('a shell can wait on fd 3', async () => {
    const run = await openRun(kind);
    const child = await run.sh('echo $$; read line <&3; echo "read $?"', { fd3: 'pipe' });
    const pid = await child.printedPid();
    expect(flagsOf(pid, 3) & O_NONBLOCK).toBe(0);
    expect(child.stdout()).not.toContain('read');
    child.streams.fd3!.destroy();
    await child.line(/read 1/);
    expect(child.stderr()).toBe('');
  });

  test('no descriptor of ours leaks into a child', async () => {
    const run = await openRun(kind);
    const streams = { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' } as const;
    await Promise.all([1, 2, 3].map(() => run.spawn('/bin/sleep', ['1000'], streams).born()));
    const child = await run.spawn('/bin/sleep', ['1000'], streams).born();
    const known = leakedByTheRunner();
    const extra = readdirSync(`/proc/${child.pid}/fd`).filter((fd) => {
      return Number(fd) > 3 && !known.has(readlinkSync(`/proc/${child.pid}/fd/${fd}`));
    });
    expect(extra).toEqual([]);
  });

  test('a child without fd 3 has none', async () => {
    const run = await openRun(kind);
    const child = await run.spawn('/bin/sleep', ['1000'], { stdout: 'pipe' }).born();
    const known = leakedByTheRunner();
    const fds = readdirSync(`/proc/${child.pid}/fd`).filter(
      (fd) => !known.has(readlinkSync(`/proc/${child.pid}/fd/${fd}`)) || Number(fd) <= 2,
    );
    expect(fds).toEqual(['0', '1', '2']);
  });

  test('an exit is told though a grandchild holds standard output', async () => {
    const run = await openRun(kind);
    const child = await run.sh('sleep 1000 & echo $!');
    const grandchild = await child.printedPid();
    expect(await child.exited()).toMatchObject({ code: 0, treeEmpty: false });
    expect(isAlive(grandchild)).toBe(true);
    expect(child.stdoutEnded()).toBe(false);
  });
});
