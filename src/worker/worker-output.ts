/** One incarnation's output: two tails, and whoever follows its lines. */
import type { ByteSource, Clock } from '../os/os.ts';
import type { Attendant } from './attendant.ts';
import { LineSplitter, Tail } from './output.ts';
import { Silence } from './silence.ts';

export type OutputStream = 'stdout' | 'stderr';
export type LineListener = (line: string, stream: OutputStream) => void;

/** Whoever follows all workers of a host. Lines are split only while they are wanted. */
export interface OutputAudience {
  readonly wanted: () => boolean;
  readonly onLine: LineListener;
}

export class WorkerOutput {
  readonly #audience: OutputAudience;
  readonly stdout = new Tail();
  readonly stderr = new Tail();
  readonly #listeners = new Set<LineListener>();
  readonly #sources = new Set<ByteSource>();
  readonly #onAllEnded = new Set<() => void>();
  /** Whoever wrote is dead: nobody is waited for. */
  #hurries = false;
  #silence: Silence | undefined;

  constructor(audience: OutputAudience) {
    this.#audience = audience;
  }

  follow(listener: LineListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param attendant follows it too, and may hold it up */
  read(stream: OutputStream, source: ByteSource | undefined, attendant?: Attendant): void {
    if (source === undefined) return;
    this.#sources.add(source);
    const lines = new LineSplitter((line) => {
      this.#audience.onLine(line, stream); // before what follows from it, such as that it is ready
      for (const listener of [...this.#listeners]) listener(line, stream);
    });
    source.listen(
      (bytes) => {
        this[stream].add(bytes);
        const taking = attendant?.wrote(stream, bytes);
        this.#silence?.heard();
        if (taking !== undefined && !this.#hurries) void holdUp(source, taking);
        if (this.#listeners.size > 0 || this.#audience.wanted()) lines.add(bytes);
        else lines.forget();
      },
      () => {
        lines.end();
        this.#sources.delete(source);
        if (this.#sources.size > 0) return;
        const waiting = [...this.#onAllEnded];
        this.#onAllEnded.clear();
        for (const tell of waiting) tell();
      },
    );
  }

  /** True when every stream has ended. */
  get ended(): boolean {
    return this.#sources.size === 0;
  }

  onceEnded(action: () => void): void {
    this.#onAllEnded.add(action);
  }

  /**
   * Calls `action` when all that the dead have written was read. No more of that is left than a pipe holds: it is read at
   * once, however slowly it is taken. Who else holds a stream open, and is silent, is not waited for.
   */
  onceHeard(clock: Clock, action: () => void): void {
    if (this.ended) {
      action();
      return;
    }
    const silence = new Silence(clock, () => {
      this.#onAllEnded.delete(heard);
      action();
    });
    const heard = (): void => {
      silence.end();
      action();
    };
    this.#hurries = true;
    this.#silence = silence;
    this.#onAllEnded.add(heard);
    for (const source of this.#sources) source.resume();
  }

  /** Whoever holds the other end now may keep it; we have heard enough. Who waited is not held by what is kept of it. */
  destroy(): void {
    this.#onAllEnded.clear();
    this.#silence = undefined;
    for (const source of this.#sources) source.destroy();
  }
}

async function holdUp(source: ByteSource, taking: Promise<void>): Promise<void> {
  source.pause();
  await taking.catch(() => {}); // it has been told of
  source.resume();
}
