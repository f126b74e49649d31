/** What a scenario is played on: one kernel behind the port, real or simulated, and what only an onlooker can do. */
import type { ForkerEvent, Os, Signal, SignalOutcome } from '../../../src/os/os.ts';
import type { Program } from '../../../src/os/sim/running.ts';

export type Kind = 'forker' | 'direct';

/** One behaviour, as a simulated program and as a real one. */
export interface Actor {
  readonly name: string;
  readonly simulated: Program;
  readonly real: { readonly command: string; readonly args: readonly string[] };
}

/** What an ordinary user, who is not the host's, sees and may do. */
export interface StrangersView {
  readonly toProcess: SignalOutcome;
  readonly toGroup: SignalOutcome;
  readonly groupExists: boolean;
  readonly marksReadable: boolean;
  readonly isRoots: boolean;
  readonly commandLine: string;
}

export interface Stage {
  readonly os: Os;
  readonly runId: string;
  readonly places: {
    readonly socketPath: string;
    readonly fifoDirectory: string;
    readonly runFile: string;
  };
  readonly forkerEvents: ForkerEvent[];
  /** The command and the arguments that start it here. */
  cast(actor: Actor): { readonly command: string; readonly args: readonly string[] };
  /** By SIGSTOP or its like, which the port does not tell. */
  isStopped(pid: number): boolean;
  /** An ordinary user looks at this process, and sends it and its group `signal`. */
  asStranger(pid: number, signal: Signal): Promise<StrangersView>;
  /** Plays, and gives what became of it. */
  run<T>(play: () => Promise<T>): Promise<T>;
}
