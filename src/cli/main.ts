#!/usr/bin/env node
/** The command line. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { codeOf, messageOf, OptionsError, ReeveError } from '../errors.ts';
import { defaultStateDirectory } from '../host/options.ts';
import { doctor } from './doctor.ts';
import { ps } from './ps.ts';
import { describeRun } from './run/command.ts';
import { EXIT_OTHER } from './run/ending.ts';
import { parseRun, type RunFlags } from './run/options.ts';
import { requireUtf8 } from './run/raw-arguments.ts';
import { run } from './run/run.ts';
import { endOnBrokenOutput } from './stdout.ts';
import { sweep } from './sweep.ts';
import { up } from './up.ts';

/** A wrong use of the command, as shells and their scripts expect it. */
const EXIT_USAGE = 2;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const stateDirOption = () =>
  new Option(
    '--state-dir <directory>',
    'where runs are recorded (default: $REEVE_STATE_DIR, or below your home)',
  );

const program = new Command('reeve')
  .description('Runs other programs, keeps them running, and leaves no process behind.')
  .version(version)
  .addOption(stateDirOption())
  .enablePositionalOptions() // what stands behind the command of `reeve run` is that command's
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

/** The options that every command has may stand before its name, and behind it. */
const subcommand = (name: string): Command => program.command(name).addOption(stateDirOption());

function stateDirectoryGiven(command: Command): string | undefined {
  const { stateDir } = command.optsWithGlobals<{ stateDir?: string }>();
  if (stateDir === '') throw new OptionsError('--state-dir', 'is empty'); // it would be the current directory
  return stateDir;
}

function stateDirectory(command: Command): string {
  return resolve(stateDirectoryGiven(command) ?? defaultStateDirectory(process.env));
}

subcommand('up')
  .argument('[config]', 'a file, or a directory with a reeve.config.{ts,mts,mjs,js,json} in it', '.')
  .description('run a tree of workers from a configuration file, in the foreground')
  .option('--json', 'a line of JSON for each event', false)
  .action((config: string, { json }: { json: boolean }, command: Command) =>
    up({
      config,
      json,
      stateDirectory: stateDirectory(command),
      stateDirectoryGiven: stateDirectoryGiven(command) !== undefined,
    }),
  );

describeRun(subcommand('run'))
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_OTHER))
  .action(async (operands: string[], flags: RunFlags, command: Command) => {
    try {
      requireUtf8();
      process.exitCode = await run(parseRun(operands, flags), stateDirectory(command));
    } catch (error) {
      complain(error);
      process.exitCode = EXIT_OTHER; // the others count failed tasks
    }
  });

subcommand('ps')
  .description('list the runs and their workers')
  .option('--json', 'as JSON', false)
  .action(({ json }: { json: boolean }, command: Command) =>
    ps({ json, stateDirectory: stateDirectory(command) }),
  );

subcommand('sweep')
  .description('end what dead runs left behind')
  .option('--dry-run', 'only say what would be done', false)
  .option('--json', 'as JSON', false)
  .action(({ dryRun, json }: { dryRun: boolean; json: boolean }, command: Command) =>
    sweep({ dryRun, json, stateDirectory: stateDirectory(command) }),
  );

subcommand('doctor')
  .description('say what this machine offers')
  .option('--json', 'as JSON', false)
  .action(({ json }: { json: boolean }, command: Command) =>
    doctor({ json, stateDirectory: stateDirectory(command) }),
  );

process.stdout.on('error', endOnBrokenOutput);

try {
  await program.parseAsync();
} catch (error) {
  complain(error);
  process.exitCode = error instanceof OptionsError ? EXIT_USAGE : 1;
}

/** What we or the system complain about needs no trace; anything else is a fault of ours, and does. */
function complain(error: unknown): void {
  const isPlain = error instanceof ReeveError || codeOf(error) !== 'UNKNOWN';
  console.error(
    `reeve: ${isPlain ? messageOf(error) : ((error as Error | null)?.stack ?? messageOf(error))}`,
  );
}
