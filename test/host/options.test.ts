/** A host's options: defaults, where the state directory is, and what is complained about. */
import { describe, expect, test } from 'vitest';
import { defaultStateDirectory, parseHostOptions } from '../../src/host/options.ts';
import { startHost } from '../../src/index.ts';
import { DEFAULT_BREAKER } from '../../src/tasks/breakers.ts';
import { KNOWN_PATTERNS } from '../../src/tasks/failure-category.ts';
import { complaint } from '../support/complaints.ts';

const parse = (options: unknown, environment = {}) => parseHostOptions(options, environment);

test('nothing has to be said', () => {
  const { os, ...settings } = parse({}, { HOME: '/home/me' });
  expect(settings).toEqual({
    name: 'reeve',
    stateDirectory: '/home/me/.local/state/reeve',
    spawner: 'forker',
    orphanGrace: 2_000,
    sweep: true,
    signals: true,
    eventsKept: 1_000,
    tasks: expect.objectContaining({ maxProcesses: 64, breaker: DEFAULT_BREAKER, patterns: KNOWN_PATTERNS }),
  });
  expect(os.clock.now()).toBeGreaterThan(0);
});

describe('the state directory is', () => {
  const all = { REEVE_STATE_DIR: '/r', XDG_STATE_HOME: '/x', HOME: '/h' };

  test.each([
    ['REEVE_STATE_DIR when that is set', all, '/r'],
    ['below XDG_STATE_HOME otherwise', { ...all, REEVE_STATE_DIR: undefined }, '/x/reeve'],
    ['below XDG_STATE_HOME when the first is empty', { ...all, REEVE_STATE_DIR: '' }, '/x/reeve'],
    ['below HOME otherwise', { HOME: '/h' }, '/h/.local/state/reeve'],
    [
      'below HOME when the others are empty',
      { REEVE_STATE_DIR: '', XDG_STATE_HOME: '', HOME: '/h' },
      '/h/.local/state/reeve',
    ],
    ['somewhere, for who has no home', {}, '/tmp/.local/state/reeve'],
  ])('%s', (_, environment, directory) => {
    expect(defaultStateDirectory(environment)).toBe(directory);
  });

  test('what is said, whatever the environment says', () => {
    expect(parse({ stateDirectory: '/mine' }, all).stateDirectory).toBe('/mine');
  });
});

describe('complaints name the option', () => {
  test.each<[string, object, string, RegExp]>([
    ['an unknown option', { stateDir: '/x' }, 'stateDir', /unknown option/],
    ['a misspelt option', { signal: false }, 'signal', /did you mean 'signals'\?/],
    ['an empty name', { name: '' }, 'name', /non-empty string/],
    ['an empty directory', { stateDirectory: '' }, 'stateDirectory', /non-empty string/],
    ['a zero byte', { stateDirectory: '/\0' }, 'stateDirectory', /zero byte/],
    ['another spawner', { spawner: 'forked' }, 'spawner', /did you mean 'forker'\?/],
    ['a grace below zero', { orphanGrace: -1 }, 'orphanGrace', /from 0 to 600000, got -1/],
    ['a grace too long', { orphanGrace: 600_001 }, 'orphanGrace', /from 0 to 600000/],
    ['sweep as a word', { sweep: 'no' }, 'sweep', /expected true or false, got 'no'/],
    ['signals as a list', { signals: ['SIGINT'] }, 'signals', /got an array/],
    ['fewer than no events', { eventsKept: -1 }, 'eventsKept', /whole number from 0/],
  ])('%s', (_, options, path, message) => {
    const found = complaint(() => parse(options));
    expect(found.path).toBe(path);
    expect(found.message).toMatch(message);
  });

  test('startHost rejects, and starts nothing', async () => {
    const faulty = startHost({ orphanGrace: 1.5 });
    await expect(faulty).rejects.toMatchObject({ name: 'OptionsError', path: 'orphanGrace' });
  });
});
