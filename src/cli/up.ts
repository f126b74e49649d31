/** `reeve up`: a tree from a configuration file, in the foreground. */

import { messageOf, OptionsError } from '../errors.ts';
import { type Host, startHost } from '../host/host.ts';
import { type Config, loadConfig } from './config.ts';
import { outliveBrokenOutput } from './stdout.ts';
import { describeSweep } from './sweep.ts';
import { UpView } from './up-view.ts';

export interface UpOptions {
  /** A file, or a directory that holds one of the known names. */
  readonly config: string;
  readonly stateDirectory: string;
  /** It was given on the command line, and counts more than the configuration's. */
  readonly stateDirectoryGiven: boolean;
  readonly json: boolean;
}

/**
 * Runs until it is told to stop: Ctrl-C or SIGTERM stops all in order and ends by that signal (a shell sees 130 or
 * 143). Exits with 0 when every worker has ended for good, with 1 when a supervisor gave up, or when what happens cannot
 * be told any more: then everything is stopped in order too.
 */
export async function up({
  config: file,
  stateDirectory,
  stateDirectoryGiven,
  json,
}: UpOptions): Promise<void> {
  const config = await loadConfig(file, process.cwd());
  const host = await startHost(
    stateDirectoryGiven ? { ...config.host, stateDirectory } : { stateDirectory, ...config.host },
  );
  let asked = false;
  host.events.on(({ type }) => {
    if (type === 'host.stopping') asked = true;
  });
  outliveBrokenOutput((complaint) => {
    process.exitCode = 1;
    if (asked) return;
    console.error(`${complaint}; stopping in order`);
    void host.stop('its output cannot be written');
  });
  if (json) tellEvents(host);
  else show(host);
  process.once('beforeExit', () => void host.stop('every worker has ended'));
  try {
    await calledOnHost(config, host);
    for (const options of config.supervisors) {
      const supervisor = await host.supervise(options);
      void supervisor.stopped.then(async ({ kind }) => {
        if (kind === 'shutdown' || kind === 'ignored' || kind === 'auto-shutdown') return;
        process.exitCode = 1;
        await host.stop(`${supervisor.path} gave up`);
      });
    }
  } catch (error) {
    if (asked) return; // told to stop in the midst of its start: no failure
    await host.stop('a start failed');
    throw error;
  }
}

/** What it throws is the configuration's fault. */
async function calledOnHost({ onHost }: Config, host: Host): Promise<void> {
  try {
    await onHost(host);
  } catch (error) {
    throw new OptionsError('onHost', `it threw: ${messageOf(error)}`);
  }
}

function show(host: Host): void {
  const { stdout } = process;
  const view = new UpView(host, {
    isTerminal: stdout.isTTY === true,
    get columns() {
      return stdout.columns || 80; // 0 when the terminal does not say
    },
    write: (text) => void stdout.write(text),
  });
  view.print(`reeve: run ${host.runId}, host ${process.pid}`);
  for (const line of describeSweep(host.sweepReport).split('\n')) view.print(`reeve: sweep: ${line}`);
}

/** One line of JSON an event; errors in them keep their message. */
function tellEvents(host: Host): void {
  const tell = (value: unknown) =>
    console.log(
      JSON.stringify(value, (_, inner: unknown) =>
        inner instanceof Error ? { ...inner, message: inner.message } : inner,
      ),
    );
  tell({ type: 'sweep.report', ...host.sweepReport });
  for (const event of host.events.recent()) tell(event);
  host.events.on(tell);
  host.onOutput((path, line, stream) => tell({ type: 'worker.output', path, stream, line }));
}
