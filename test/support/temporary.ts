/** Directories that are gone when their test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Call it inside a test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'reeve-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
