/** OTP's side: one Erlang machine for all sequences, which answers a line for each. */
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Sequence, termOf } from './sequence.ts';
import type { Applied, Entry, Look, Step } from './step.ts';

/** A sequence takes milliseconds. */
const PATIENCE_MS = 10_000;
const MODULES = ['runner', 'tree'];

/** Whether there is an Erlang to compare with. */
export const hasErlang = (): boolean => spawnSync('erl', ['-version']).status === 0;

/** What was done is OTP's to say: it leaves out what cannot be compared. */
export interface OtpStep extends Step {
  readonly applied: Applied;
}

type RawLook = readonly [string, 'waits'] | readonly [string, Look['which'], Look['count']];
type RawEntry = readonly [string, ...unknown[]];
type RawStep = readonly [
  applied: 'start' | 'stop' | readonly [string, ...unknown[]],
  entries: readonly RawEntry[],
  outcomes: readonly (readonly [number, string])[],
  looks: readonly RawLook[],
  gates: readonly string[],
];

export class Erlang {
  readonly #directory = mkdtempSync(join(tmpdir(), 'reeve-otp-'));
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;
  readonly #gone: Promise<void>;

  /** @param sources where the Erlang modules are */
  constructor(sources: string = fileURLToPath(new URL('.', import.meta.url))) {
    execFileSync('erlc', ['-o', this.#directory, ...MODULES.map((name) => join(sources, `${name}.erl`))]);
    // One scheduler, so that it is known when nothing is left to do.
    const flags = ['+S', '1:1', '-noshell', '-kernel', 'logger_level', 'error', '-pa', this.#directory];
    this.#process = spawn('erl', [...flags, '-s', 'runner', 'main'], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(line),
    );
    this.#process.stdin.on('error', () => {}); // its end is told below
    this.#gone = new Promise((resolve) => {
      this.#process.once('close', () => {
        this.#fail('Erlang has ended');
        resolve();
      });
    });
  }

  async live(sequence: Sequence): Promise<readonly OtpStep[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const term = termOf(sequence);
    const answer = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const timer = setTimeout(() => this.#fail(`Erlang has no answer to ${term}`), PATIENCE_MS);
    this.#process.stdin.write(`${term}.\n`);
    const line = await answer.finally(() => clearTimeout(timer));
    return (JSON.parse(line) as RawStep[]).map(readStep);
  }

  /** The first failure is everybody's. */
  #fail(why: string): void {
    this.#failure ??= new Error(why);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#process.kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#gone;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function readStep([applied, raw, outcomes, looks, gates]: RawStep): OtpStep {
  const of = (kind: string) => raw.find(([one]) => one === kind)?.[1] as string | undefined;
  const start = of('outcome');
  return {
    applied: readApplied(applied),
    entries: raw.filter(([kind]) => kind !== 'exit' && kind !== 'outcome') as unknown as Entry[],
    outcomes: new Map([...outcomes, ...(start === undefined ? [] : [[0, start] as const])]),
    exit: of('exit'),
    // Who waits for a start cannot answer.
    looks: looks.flatMap(([path, which, count]) =>
      which === 'waits' || count === undefined ? [] : [{ path, which, count }],
    ),
    gates,
  };
}

function readApplied(raw: RawStep[0]): Applied {
  if (typeof raw === 'string') return raw === 'start' ? { do: raw } : { do: raw };
  const [what, ...rest] = raw;
  if (what === 'open') return { do: 'open', path: rest[0] as string, verdict: rest[1] as string };
  if (what === 'die') return { do: 'die', deaths: rest[0] as readonly [string, string][] };
  return { do: 'call', number: rest[0] as number };
}
