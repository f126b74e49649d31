/** A worker's options: what is complete after them, and what is complained about, and where. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_STOP_PLAN } from '../../src/worker/stop-plan.ts';
import { parseWorkerSpec } from '../../src/worker/worker-spec.ts';
import { complaint } from '../support/complaints.ts';

const least = { id: 'w', command: 'true' };
const parse = (more: object) => parseWorkerSpec({ ...least, ...more }, 'children[2]');

test('an id and a command are enough: the rest has a default', () => {
  expect(parse({})).toEqual({
    id: 'w',
    command: 'true',
    args: [],
    cwd: undefined,
    env: {},
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ready: { kind: 'spawn' },
    startTimeout: 10_000,
    stopPlan: DEFAULT_STOP_PLAN,
    shutdownExitCodes: [],
    start: undefined,
  });
});

test('what is said is kept', () => {
  const said = {
    args: ['', 'a b'],
    cwd: '/tmp',
    env: { A: '', B: 'b=c', PATH: undefined },
    stdin: { file: '/in' },
    stdout: 'inherit',
    stderr: { file: '/err' },
    startTimeout: 1,
  } as const;
  expect(parse({ ...said, shutdown: 'brutal_kill' })).toMatchObject({
    ...said,
    stopPlan: [{ signal: 'SIGKILL' }],
  });
});

describe('readiness', () => {
  test.each([
    ['spawn', 'spawn', { kind: 'spawn' }],
    ['a pattern', { log: /up \d/i }, { kind: 'log', pattern: /up \d/i }],
    ['a string', { log: 'up (1.5)?' }, { kind: 'log', pattern: /up \(1\.5\)\?/ }],
    ['a port here', { port: 80 }, { kind: 'port', host: '127.0.0.1', port: 80 }],
    ['a port elsewhere', { port: 65_535, host: '::1' }, { kind: 'port', host: '::1', port: 65_535 }],
    ['http', { http: 'http://localhost:1/x?y' }, { kind: 'http', url: 'http://localhost:1/x?y' }],
    ['https', { http: 'https://localhost/' }, { kind: 'http', url: 'https://localhost/' }],
    ['a command', { exec: 'pg_isready' }, { kind: 'exec', command: 'pg_isready', args: [] }],
    ['with arguments', { exec: ['test', '-e', '/x'] }, { kind: 'exec', command: 'test', args: ['-e', '/x'] }],
    ['a descriptor', { notify: 'fd' }, { kind: 'notify' }],
  ])('%s', (_, ready, readiness) => {
    expect(parse({ ready }).ready).toEqual(readiness);
  });

  test('a pattern with a memory loses it: the same line matches again', () => {
    const { ready } = parse({ ready: { log: /up/gy } });
    expect(ready).toEqual({ kind: 'log', pattern: /up/ });
  });
});

describe('an id', () => {
  test.each([['a'], ['web.1'], ['Ä-_@#'], ['x'.repeat(100)]])('%s is one', (id) => {
    expect(parse({ id }).id).toBe(id);
  });

  test.each([
    ['empty', '', /non-empty/],
    ['with a slash', 'a/b', /without white space, slash or colon/],
    ['with a colon', 'a:b', /without white space, slash or colon/],
    ['with a space', 'a b', /without white space, slash or colon/],
    ['with a line end', 'a\n', /without white space, slash or colon/],
    ['with a zero byte', 'a\0b', /zero byte/],
    ['too long', 'x'.repeat(101), /1 to 100 characters/],
    ['a number', 7, /expected a non-empty string, got 7/],
    ['missing', undefined, /expected a non-empty string, got undefined/],
  ])('that is %s is none', (_, id, message) => {
    const found = complaint(() => parse({ id }));
    expect(found.path).toBe('children[2].id');
    expect(found.message).toMatch(message);
  });
});

describe('complaints name the place of the fault', () => {
  test.each<[string, object, string, RegExp]>([
    ['an unknown key', { comand: 'x' }, 'comand', /unknown option; did you mean 'command'\?/],
    ['a key in other letters', { startTimeOut: 1 }, 'startTimeOut', /did you mean 'startTimeout'\?/],
    ['a key like no other', { colour: 'red' }, 'colour', /unknown option$/],
    ['no command', { command: '' }, 'command', /non-empty string, got ''/],
    ['a command as a list', { command: ['ls'] }, 'command', /got an array/],
    ['a zero byte in the command', { command: 'l\0s' }, 'command', /zero byte/],
    ['arguments as one string', { args: '-l -a' }, 'args', /expected an array of strings, got '-l -a'/],
    ['a number among the arguments', { args: ['-n', 5] }, 'args[1]', /expected a string, got 5/],
    ['a zero byte in an argument', { args: ['a\0'] }, 'args[0]', /zero byte/],
    ['an empty directory', { cwd: '' }, 'cwd', /non-empty/],
    ['a zero byte in the directory', { cwd: '/\0' }, 'cwd', /zero byte/],
    ['variables as a list', { env: ['A=1'] }, 'env', /expected an object, got an array/],
    ['variables as a string', { env: 'A=1' }, 'env', /expected an object, got 'A=1'/],
    ['a number as a variable', { env: { PORT: 80 } }, 'env.PORT', /string without zero bytes, got 80/],
    ['a zero byte in a variable', { env: { A: '\0' } }, 'env.A', /without zero bytes/],
    ['a variable without a name', { env: { '': 'x' } }, 'env', /cannot be the name of a variable/],
    ["'=' in a variable's name", { env: { 'A=B': 'x' } }, 'env', /'A=B' cannot be the name/],
    ['no such stream', { stdout: 'pip' }, 'stdout', /did you mean 'pipe'\?/],
    ['a descriptor as a stream', { stderr: 2 }, 'stderr', /2 is not one of 'pipe', 'ignore', 'inherit'/],
    ['a file without a name', { stdout: { file: '' } }, 'stdout.file', /non-empty/],
    ['a stream with a misspelt key', { stdin: { fiel: 'x' } }, 'stdin.fiel', /did you mean 'file'\?/],
    ['time as a word', { startTimeout: '10s' }, 'startTimeout', /whole number from 1 to 2147483647/],
    ['no time at all', { startTimeout: 0 }, 'startTimeout', /got 0/],
    ['time below zero', { startTimeout: -1 }, 'startTimeout', /whole number/],
    ['time without end', { startTimeout: Number.POSITIVE_INFINITY }, 'startTimeout', /got Infinity/],
    ['a bad stop plan', { shutdown: [{ wait: 'x' }] }, 'shutdown[0].wait', /whole number/],
    ['ready: true', { ready: true }, 'ready', /expected an object, got true/],
    ['an unknown word', { ready: 'spawned' }, 'ready', /expected an object, got 'spawned'/],
    ['no kind', { ready: {} }, 'ready', /exactly one of log, port, http, exec, notify/],
    ['a host alone', { ready: { host: 'x' } }, 'ready', /exactly one of/],
    ['two kinds', { ready: { port: 1, log: 'x' } }, 'ready', /exactly one of/],
    ['an unknown kind', { ready: { prot: 1 } }, 'ready.prot', /did you mean 'port'\?/],
    ['port 0', { ready: { port: 0 } }, 'ready.port', /whole number from 1 to 65535, got 0/],
    ['a port too high', { ready: { port: 65_536 } }, 'ready.port', /got 65536/],
    ['a port in quotes', { ready: { port: '80' } }, 'ready.port', /got '80'/],
    ['a host without a port', { ready: { http: 'http://x/', host: 'x' } }, 'ready.host', /with port only/],
    ['no URL', { ready: { http: 'localhost:80' } }, 'ready.http', /is not an http or https URL/],
    ['another protocol', { ready: { http: 'ftp://x/' } }, 'ready.http', /is not an http or https URL/],
    ['an empty pattern', { ready: { log: '' } }, 'ready.log', /non-empty/],
    ['a function as pattern', { ready: { log: () => true } }, 'ready.log', /got a function/],
    ['no command to probe with', { ready: { exec: [] } }, 'ready.exec', /expected a command/],
    ['an empty probe', { ready: { exec: [''] } }, 'ready.exec', /expected a command/],
    ['a number as probe', { ready: { exec: 1 } }, 'ready.exec', /expected an array of strings, got 1/],
    ['another way to notify', { ready: { notify: 'socket' } }, 'ready.notify', /is not one of 'fd'/],
  ])('%s', (_, more, key, message) => {
    const found = complaint(() => parse(more));
    expect(found.path).toBe(`children[2].${key}`);
    expect(found.message).toMatch(message);
  });

  test.each([[null], ['sleep'], [7], [['sleep']], [undefined]])('%s for the whole', (value) => {
    const found = complaint(() => parseWorkerSpec(value, 'children[0]'));
    expect(found.path).toBe('children[0]');
    expect(found.message).toMatch(/^children\[0\]: expected an object, got /);
  });

  test('a fault at the top has no path before it', () => {
    expect(complaint(() => parseWorkerSpec({ ...least, args: 1 }, '')).path).toBe('args');
  });
});

describe('readiness by a line of output needs a stream that is read', () => {
  const ready = { log: 'up' };

  test.each([
    ['ignored', { stdout: 'ignore', stderr: 'ignore' }],
    ['inherited', { stdout: 'inherit', stderr: 'inherit' }],
    ['put into files', { stdout: { file: '/a' }, stderr: { file: '/b' } }],
  ])('both %s cannot be', (_, streams) => {
    const found = complaint(() => parse({ ready, ...streams }));
    expect(found.path).toBe('children[2].ready');
    expect(found.message).toMatch(/'log' needs a stdout or stderr that is 'pipe'/);
  });

  test.each([[{ stdout: 'ignore' }], [{ stderr: 'ignore' }]])('one is enough: %o', (streams) => {
    expect(parse({ ready, ...streams }).ready.kind).toBe('log');
  });
});
