/** The script that installs and tests on a bare machine: its last line is read by others, whatever has gone wrong. */
import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './support/temporary.ts';

const script = fileURLToPath(new URL('../.ci/run', import.meta.url));

test('it ends with its count of one failure when what it needs cannot be installed', () => {
  const programs = temporaryDirectory();
  symlinkSync('/usr/bin/dirname', `${programs}/dirname`);
  writeFileSync(`${programs}/apt-get`, '#!/bin/sh\necho "no network" >&2\nexit 100\n', { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync('/bin/bash', [script], {
    env: { PATH: programs },
    encoding: 'utf8',
  });
  expect(stderr).toBe('no network\n');
  expect(stdout).toMatch(/^cannot install .*procps.*\n0 passed, 1 failed\n$/);
  expect(status).toBe(1);
});
