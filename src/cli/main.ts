#!/usr/bin/env node
/** The command line. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { codeOf, messageOf, OptionsError, ReeveError } from '../errors.ts';
import { defaultStateDirectory } from '../host/options.ts';
import { doctor } from './doctor.ts';
import { ps } from './ps.ts';
import { endOnBrokenOutput } from './stdout.ts';
import { sweep } from './sweep.ts';
import { up } from './up.ts';

/** A wrong use of the command, as shells and their scripts expect it. */
const EXIT_USAGE = 2;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('reeve')
  .description('Runs other programs, keeps them running, and leaves no process behind.')
  .version(version)
  .option(
    '--state-dir <directory>',
    'where runs are recorded (default: $REEVE_STATE_DIR, or below your home)',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

function stateDirectory(): string {
  const { stateDir } = program.opts<{ stateDir?: string }>();
  if (stateDir === '') throw new OptionsError('--state-dir', 'is empty'); // it would be the current directory
  return resolve(stateDir ?? defaultStateDirectory(process.env));
}

program
  .command('up')
  .argument('[config]', 'a file, or a directory with a reeve.config.{ts,mts,mjs,js,json} in it', '.')
  .description('run a tree of workers from a configuration file, in the foreground')
  .option('--json', 'a line of JSON for each event', false)
  .action((config: string, { json }: { json: boolean }) =>
    up({
      config,
      json,
      stateDirectory: stateDirectory(),
      stateDirectoryGiven: program.opts<{ stateDir?: string }>().stateDir !== undefined,
    }),
  );

program
  .command('ps')
  .description('list the runs and their workers')
  .option('--json', 'as JSON', false)
  .action(({ json }: { json: boolean }) => ps({ json, stateDirectory: stateDirectory() }));

program
  .command('sweep')
  .description('end what dead runs left behind')
  .option('--dry-run', 'only say what would be done', false)
  .option('--json', 'as JSON', false)
  .action(({ dryRun, json }: { dryRun: boolean; json: boolean }) =>
    sweep({ dryRun, json, stateDirectory: stateDirectory() }),
  );

program
  .command('doctor')
  .description('say what this machine offers')
  .option('--json', 'as JSON', false)
  .action(({ json }: { json: boolean }) => doctor({ json, stateDirectory: stateDirectory() }));

process.stdout.on('error', endOnBrokenOutput);

try {
  await program.parseAsync();
} catch (error) {
  // What we or the system complain about needs no trace; anything else is a fault of ours, and does.
  const isPlain = error instanceof ReeveError || codeOf(error) !== 'UNKNOWN';
  console.error(
    `reeve: ${isPlain ? messageOf(error) : ((error as Error | null)?.stack ?? messageOf(error))}`,
  );
  process.exitCode = error instanceof OptionsError ? EXIT_USAGE : 1;
}
