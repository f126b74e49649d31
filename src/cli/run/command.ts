/** The options of `reeve run`, as its help tells them. */
import { type Command, InvalidArgumentError } from 'commander';

const EXAMPLES = `
Values take the place of {} in the command, or come last. {.} is a value without its extension, {/} its base name,
{//} its directory, {/.} its base name without extension, {1} {2} the values of several ':::', {#} the job's number.
There is no shell. Durations are seconds, or 500ms, 30s, 2m, 1h.

  reeve run -j 8 pdftotext {} - ::: *.pdf
  find . -name '*.png' -print0 | reeve run -0 --joblog log --resume optipng {}
  reeve run --tasks tasks.jsonl --timeout 10m --retries 2
`;

/** The last of several would take the place of the others, without a word. */
function onlyOne(value: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError('It may be given once.');
  return value;
}

/** Options, and whatever else follows, up to `:::` and the values. */
export const describeRun = (command: Command): Command =>
  command
    .description('run a command for each of many values, many at a time')
    .usage('[options] [--] command [argument...] [::: value...]...')
    .argument(
      '[command...]',
      "a command with places for values, and the values after ':::'; else they are read",
    )
    .passThroughOptions()
    .option('-j, --jobs <number>', 'at a time (default: as many as there are processors)')
    .option(
      '-a, --arg-file <file>',
      'read values from it, one a line (- is standard input, the default)',
      onlyOne,
    )
    .option('-0, --null', 'values that are read end with a zero byte')
    .option('-r, --no-run-if-empty', 'leave empty lines out')
    .option('--tasks <file>', 'read whole tasks from it, one a line, as JSON (- is standard input)')
    .option('--retries <number>', 'try a failure that can heal again, so often (default: 0)')
    .option('--timeout <duration>', 'for each attempt')
    .option('--total-timeout <duration>', "for all; 'auto': 1.5 × what their timeouts come to")
    .option('--delay <duration>', 'between two starts')
    .option(
      '--halt <when>',
      'end before all is done: soon,fail=1 now,fail=3 soon,success=1 now,done=20% (default: never)',
    )
    .option('-k, --keep-order', 'show what tasks write in the order of the values')
    .option('--line-buffer', 'show each line at once')
    .option('--tag', 'put the values and a tab in front of each line')
    .option('--joblog <file>', 'a line for each task that has run')
    .option('--resume', 'leave out what is in the joblog')
    .option('--resume-failed', 'leave out what is in the joblog and was ok')
    .option('--dry-run', 'only print the commands')
    .option('--json', 'a line of JSON for each task and one for all, instead of what tasks write')
    .addHelpText('after', EXAMPLES);
