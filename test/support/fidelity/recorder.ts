/** One worker as its listener hears it: events in words, and all that it writes. */
import type {
  OsProcess,
  OsProcessEvent,
  Signal,
  Spawner,
  SpawnRequest,
  Streams,
} from '../../../src/os/os.ts';
import type { Output, Scene, Worker, WorkerSeen } from './scene.ts';

export class Recorder implements Worker {
  readonly events: string[] = [];
  readonly #wrote = new Map<Output, string>();
  readonly #open = new Set<Output>();
  readonly #until: Scene['until'];
  #process: OsProcess | undefined;
  #born: Extract<OsProcessEvent, { type: 'os.spawned' }> | undefined;
  #asked = false;
  #hushed = false;
  #inWords = (written: string): string => written;

  constructor(until: Scene['until']) {
    this.#until = until;
  }

  begin(spawner: Spawner, request: SpawnRequest): void {
    this.#process = spawner.spawn(request, (event) => this.#hear(event));
  }

  get pid(): number {
    return this.#born!.identity.pid;
  }

  get startTime(): number {
    return this.#born!.identity.startTime;
  }

  get streams(): Streams {
    return this.#born!.streams;
  }

  get stdin(): NonNullable<Streams['stdin']> {
    return this.streams.stdin!;
  }

  wrote(stream: Output = 'stdout'): string {
    return this.#wrote.get(stream) ?? '';
  }

  ended(stream: Output = 'stdout'): boolean {
    return this.#wrote.has(stream) && !this.#open.has(stream);
  }

  allEnded(): boolean {
    return this.#open.size === 0;
  }

  signal(signal: Signal | undefined): void {
    this.isAsked();
    this.#process!.signal(signal);
  }

  /** To end, by whatever way. */
  isAsked(): void {
    this.#asked = true;
  }

  /** Its events are of no interest any more. */
  hush(): void {
    this.#hushed = true;
  }

  abridge(inWords: (written: string) => string): void {
    this.#inWords = inWords;
  }

  async says(line: string): Promise<void> {
    await this.#until(`it says '${line}' (${this.events.join(', ')}; it said ${this.wrote()})`, () =>
      `\n${this.wrote()}`.includes(`\n${line}\n`),
    );
  }

  async exited(): Promise<void> {
    await this.#heard(/^exited/);
  }

  async treeEmpty(): Promise<void> {
    await this.#heard(/tree empty$/);
  }

  seen(): WorkerSeen {
    const wrote = [...this.#wrote].map(([stream, written]) => [stream, this.#inWords(written)]);
    return { events: this.events, wrote: Object.fromEntries(wrote) };
  }

  async #heard(pattern: RegExp): Promise<void> {
    await this.#until(`${pattern} is told`, () => this.events.some((event) => pattern.test(event)));
  }

  #hear(event: OsProcessEvent): void {
    if (event.type === 'os.spawned') {
      this.#born = event;
      for (const stream of ['stdout', 'stderr', 'fd3'] as const) this.#listen(stream);
    }
    if (!this.#hushed) this.events.push(...inWords(event, this.#asked));
  }

  #listen(stream: Output): void {
    const source = this.streams[stream];
    if (source === undefined) return;
    this.#wrote.set(stream, '');
    this.#open.add(stream);
    const decoder = new TextDecoder();
    source.listen(
      (bytes) => this.#wrote.set(stream, this.wrote(stream) + decoder.decode(bytes, { stream: true })),
      () => this.#open.delete(stream),
    );
  }
}

/** Once it was signalled, its tree may be told empty with its exit or after it, as it happens: always told apart here. */
function inWords(event: OsProcessEvent, asked: boolean): readonly string[] {
  if (event.type === 'os.spawned') return ['spawned'];
  if (event.type === 'os.spawnFailed') {
    const { phase, code, errno } = event.failure;
    return [`not spawned: ${phase} ${code} ${errno}`];
  }
  if (event.type === 'os.treeEmpty') return ['tree empty'];
  if (event.type === 'os.forkerLost') return ['forker lost'];
  if (event.type === 'os.settled') return []; // it comes when the time has come, whatever else happens
  const { code, signal, treeEmpty } = event;
  const exited = signal === null ? `exited with ${code}` : `exited by ${signal satisfies Signal}`;
  if (!asked) return [`${exited}, ${treeEmpty ? 'tree empty' : 'others left'}`];
  return treeEmpty ? [exited, 'tree empty'] : [exited];
}
