/** Watches for the moment when a worker is ready. Bounded by the machine's `startTimeout`, not here. */
import type { Os, Timer } from '../os/os.ts';
import type { Readiness } from './worker-spec.ts';

/** Milliseconds between two tries, growing; and for one try. */
const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 250;
const TRY_TIMEOUT_MS = 5_000;

export interface ReadinessSources {
  readonly os: Os;
  /** Tells each line of the worker's output; returns how to stop that. */
  readonly followLines: (onLine: (line: string) => void) => () => void;
  /** Tells when a newline came on file descriptor 3. */
  readonly onNotify: (listener: () => void) => void;
  /** Tells when it has answered whoever talks with it. */
  readonly onHandshake: (listener: () => void) => void;
  readonly runProbe: (command: string, args: readonly string[]) => Probe;
}

/** A command that is run to see whether the worker is ready. */
export interface Probe {
  readonly succeeded: Promise<boolean>;
  cancel(): void;
}

/** Calls `onReady` once, unless the returned function is called before. */
export function watchReadiness(ready: Readiness, sources: ReadinessSources, onReady: () => void): () => void {
  const { os } = sources;
  switch (ready.kind) {
    case 'spawn':
      onReady();
      return () => {};
    case 'notify':
      return once(onReady, (tell) => {
        sources.onNotify(tell);
        return () => {};
      });
    case 'handshake':
      return once(onReady, (tell) => {
        sources.onHandshake(tell);
        return () => {};
      });
    case 'log':
      return once(onReady, (tell) =>
        sources.followLines((line) => {
          if (ready.pattern.test(line)) tell();
        }),
      );
    case 'port':
      return poll(os, onReady, () => whole(os.network.connects(ready.host, ready.port, TRY_TIMEOUT_MS)));
    case 'http':
      return poll(os, onReady, () => whole(httpIsFine(os, ready.url)));
    case 'exec':
      return poll(os, onReady, () => sources.runProbe(ready.command, ready.args));
  }
}

async function httpIsFine(os: Os, url: string): Promise<boolean> {
  const status = await os.network.httpStatus(url, TRY_TIMEOUT_MS);
  return status !== undefined && status >= 200 && status < 400;
}

/** A try that ends by itself. */
const whole = (succeeded: Promise<boolean>): Probe => ({ succeeded, cancel: () => {} });

function once(onReady: () => void, watch: (tell: () => void) => () => void): () => void {
  let settled = false;
  let stop = (): void => {};
  stop = watch(() => {
    if (settled) return;
    settled = true;
    stop();
    onReady();
  });
  return () => {
    settled = true;
    stop();
  };
}

function poll(os: Os, onReady: () => void, attempt: () => Probe): () => void {
  let cancelled = false;
  let probe: Probe | undefined;
  let timer: Timer | undefined;
  let wait = FIRST_RETRY_MS;
  const tryOnce = async (): Promise<void> => {
    probe = attempt();
    const tooLong = os.clock.setTimeout(() => probe?.cancel(), TRY_TIMEOUT_MS);
    const succeeded = await probe.succeeded;
    os.clock.clearTimeout(tooLong);
    probe = undefined;
    if (cancelled) return;
    if (succeeded) return onReady();
    timer = os.clock.setTimeout(() => void tryOnce(), wait);
    wait = Math.min(wait * 2, LONGEST_RETRY_MS);
  };
  void tryOnce();
  return () => {
    cancelled = true;
    probe?.cancel();
    if (timer !== undefined) os.clock.clearTimeout(timer);
  };
}
