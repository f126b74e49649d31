/** Where a run listens: who is let in, who is sent away, and what others learn by knocking. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlSocket, socketAddress } from '../../src/os/control-socket.ts';
import { nodeNetwork } from '../../src/os/node-network.ts';
import { byteSource } from '../../src/os/node-streams.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

async function listen(path = join(temporaryDirectory(), 'run.sock')) {
  const admitted: { id: number; socket: Socket }[] = [];
  const control = await ControlSocket.listen({
    path,
    secret: 'password',
    onStream: (id, socket) => admitted.push({ id, socket }),
    onError: () => {},
  });
  onTestFinished(() => {
    control.close();
    for (const { socket } of admitted) socket.destroy();
  });
  return { control, path, admitted };
}

function connectTo(path: string) {
  const socket = connect(socketAddress(path));
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return { socket, isClosed: () => closed };
}

/** Longer than the 107 bytes that the kernel takes. */
const longPath = () => join(temporaryDirectory(), 'x'.repeat(120));

describe('a connection', () => {
  test('that names the secret and its number is let in', async () => {
    const { path, admitted } = await listen();
    connectTo(path).socket.write('password 7\n');
    await until('the stream is let in', () => admitted.length === 1);
    expect(admitted[0]!.id).toBe(7);
  });

  test('may say its first line in pieces', async () => {
    const { path, admitted } = await listen();
    const { socket } = connectTo(path);
    socket.setNoDelay(true);
    socket.write('passw', () => setImmediate(() => socket.write('ord 8\n')));
    await until('the stream is let in', () => admitted.length === 1);
    expect(admitted[0]!.id).toBe(8);
  });

  test('with a wrong secret is sent away', async () => {
    const { path, admitted } = await listen();
    const { socket, isClosed } = connectTo(path);
    socket.write('passport 7\n');
    await until('it is closed', isClosed);
    expect(admitted).toEqual([]);
  });

  test('that talks without end is sent away', async () => {
    const { path, admitted } = await listen();
    const { socket, isClosed } = connectTo(path);
    socket.write('password'.repeat(1_000));
    await until('it is closed', isClosed);
    expect(admitted).toEqual([]);
  });

  test('that says nothing is closed with the run', async () => {
    const { control, path } = await listen();
    const { socket, isClosed } = connectTo(path);
    await until('it is connected', () => !socket.connecting);
    control.close();
    await until('it is closed', isClosed);
  });

  test('hands what its process says to whoever listens later', async () => {
    const { path, admitted } = await listen();
    const { socket } = connectTo(path);
    socket.write('password 9\n');
    await until('the stream is let in', () => admitted.length === 1);
    socket.write('said before anybody listened');
    let heard = '';
    byteSource(admitted[0]!.socket).listen(
      (bytes) => {
        heard += Buffer.from(bytes);
      },
      () => {},
    );
    await until('it is heard', () => heard === 'said before anybody listened');
  });
});

describe('knocking', () => {
  test('is answered while the run lives', async () => {
    const { path } = await listen();
    expect(await nodeNetwork.knock(path)).toBe('answered');
  });

  test('at a path that was never listened on finds nobody', async () => {
    expect(await nodeNetwork.knock(join(temporaryDirectory(), 'none.sock'))).toBe('absent');
    expect(await nodeNetwork.knock(longPath())).toBe('absent');
  });

  test('after the run closed its socket finds nobody', async () => {
    const { control, path } = await listen();
    control.close();
    expect(await nodeNetwork.knock(path)).toBe('absent');
  });

  test('is refused when the owner died without closing', async () => {
    const path = join(temporaryDirectory(), 'dead.sock');
    const program = `require('net').createServer().listen(process.argv[1], () => console.log('listening'))`;
    const owner = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => owner.once('exit', resolve));
    await new Promise((resolve) => owner.stdout.once('data', resolve));
    expect(await nodeNetwork.knock(path)).toBe('answered');
    owner.kill('SIGKILL');
    await exited;
    expect(existsSync(path)).toBe(true);
    expect(await nodeNetwork.knock(path)).toBe('refused');
  });

  test('is not refused by one who is too busy to answer, where a refusal is to prove his death', async () => {
    const path = join(temporaryDirectory(), 'busy.sock');
    const acceptsNobody = [
      'import socket, sys, time',
      'listener = socket.socket(socket.AF_UNIX)',
      'listener.bind(sys.argv[1])',
      'listener.listen(0)',
      'print("up", flush=True)',
      'time.sleep(1000)',
    ].join('\n');
    const busy = spawn('python3', ['-c', acceptsNobody, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => busy.once('exit', resolve));
    onTestFinished(async () => {
      busy.kill('SIGKILL');
      await exited;
    });
    await new Promise((resolve) => busy.stdout.once('data', resolve));
    connectTo(path);
    await until('its backlog is full', async () => (await nodeNetwork.knock(path)) !== 'answered');
    expect(await nodeNetwork.knock(path)).toBe(nodeNetwork.refusalProvesDeath ? 'unclear' : 'refused');
  });
});

describe('a path too long for a socket', () => {
  test('is answered through a link', async () => {
    const { control, path, admitted } = await listen(longPath());
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(control.address).not.toBe(path);
    expect(await nodeNetwork.knock(path)).toBe('answered');
    connectTo(path).socket.write('password 3\n');
    await until('the stream is let in', () => admitted.length === 1);
  });

  test('leaves nothing behind', async () => {
    const { control, path } = await listen(longPath());
    const left = control.leftovers;
    expect(left.every((leftover) => existsSync(leftover))).toBe(true);
    control.close();
    expect(existsSync(path)).toBe(false);
    expect(left.some((leftover) => existsSync(leftover))).toBe(false);
    expect(existsSync(control.address)).toBe(false);
  });
});

describe("a dead run's socket is removed", () => {
  /** As a host that was killed leaves it: a link, and the directory that it leads into. */
  function leftBehind(prefix: string) {
    const path = join(temporaryDirectory(), 'x'.repeat(80), '1_run.sock');
    mkdirSync(dirname(path));
    const directory = mkdtempSync(join(tmpdir(), prefix));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, 'socket'), '');
    symlinkSync(join(directory, 'socket'), path);
    return { path, directory };
  }

  test('with the directory in which it really stands', async () => {
    const { path, directory } = leftBehind('reeve-1_run-');
    await nodeNetwork.removeSocket(path);
    expect([existsSync(directory), lstatSync(path, { throwIfNoEntry: false })]).toEqual([false, undefined]);
    await nodeNetwork.removeSocket(path); // nothing is there, and that is no error
  });

  test.each([
    ["has another run's name", 'reeve-1_other-', 0o700],
    ['is open to others', 'reeve-1_run-', 0o755],
  ])('but not a directory that %s', async (_, prefix, mode) => {
    const { path, directory } = leftBehind(prefix);
    chmodSync(directory, mode);
    await nodeNetwork.removeSocket(path);
    expect(existsSync(join(directory, 'socket'))).toBe(true);
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('and nothing else that stands in its directory', async () => {
    const { path, directory } = leftBehind('reeve-1_run-');
    writeFileSync(join(directory, 'stranger'), '');
    await nodeNetwork.removeSocket(path);
    expect(existsSync(join(directory, 'stranger'))).toBe(true);
    expect(existsSync(join(directory, 'socket'))).toBe(false);
  });
});
