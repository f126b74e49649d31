/** Directories that are gone when their test is over. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Call it inside a test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'reeve-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** At once, whoever is about to write there: a directory that is emptied first may get another file meanwhile. */
export function takeAway(path: string): void {
  renameSync(path, join(temporaryDirectory(), 'taken'));
}
