/** A simulated program that is a pool's worker: it reads requests as lines of JSON, and answers them, or does worse. */
import type { Program, Running } from './running.ts';
import {
  type ServedCall,
  type ServesOptions,
  type ServingDeed,
  servesOptions,
  servingOptions,
} from './serving-options.ts';

/** The other side's words: JSON-RPC, and what `docs/guide/workers-other.md` adds to it. */
interface Line {
  readonly id?: number;
  readonly method: string;
  readonly params?: unknown;
  readonly session?: string;
  readonly stream?: boolean;
}

/** Of a stream: those from here on are to be said, of so many in so many milliseconds. */
interface Items {
  readonly from: number;
  readonly items: number;
  readonly after: number;
}

const THREW = -32_000;
const CANCELLED = -32_800;

/** Speaks the contract of a pool's workers on its standard input and output, each call on its own. */
export const serves = (options: ServesOptions = {}): Program => {
  const { code = 0, readyAfter = 0 } = servesOptions(options);
  return (self) => {
    if (options.exits === 'before-ready') self.after(readyAfter, () => self.exit(code));
    else self.after(readyAfter, () => new Server(self, options).begin());
  };
};

class Server {
  readonly #self: Running;
  readonly #options: ServesOptions;
  /** What has come of a line that has not ended. */
  #rest = '';
  /** Calls that it has not dealt with yet, and whether they are given up when that is asked. */
  readonly #underWay = new Map<number, { readonly call: ServedCall; readonly givesUp: boolean }>();
  /** What it keeps for each session. */
  readonly #sessions = new Map<string, unknown>();

  constructor(self: Running, options: ServesOptions) {
    this.#self = self;
    this.#options = options;
  }

  get #handsOn(): boolean {
    return (this.#options.sessions ?? false) !== false;
  }

  begin(): void {
    this.#self.onInput(
      (text) => this.#read(text),
      () => this.#self.exit(0),
    );
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) if (this.#self.process.alive) this.#hear(JSON.parse(line));
  }

  #hear({ id, method, params, session, stream }: Line): void {
    if (id === undefined) {
      if (method === '$/cancelRequest') this.#cancel((params as { id: number }).id);
    } else if (method === '$/ping') {
      this.#result(id, this.#handsOn ? { sessions: true } : null);
      if (this.#options.exits === 'when-ready') this.#self.exit(this.#options.code ?? 0);
    } else if (method.startsWith('$/session.')) {
      this.#handOn(id, method, params as { session: string; saved?: unknown });
    } else {
      this.#serve({ id, method, params: params ?? null, session, stream: stream === true });
    }
  }

  #serve(call: ServedCall): void {
    const serving = { ...this.#options, ...servingOptions(this.#options.each?.(call, this.#self)) };
    const { after = 1, items = 0, ignoresCancel = false, leaks = 0, chance = 1 } = serving;
    const { process } = this.#self;
    process.memory += leaks;
    if (call.session !== undefined) this.#sessions.set(call.session, call.params);
    this.#underWay.set(call.id, { call, givesUp: !ignoresCancel });
    const { deed = 'answers' } = serving;
    const isDone = chance >= 1 || this.#self.chance(chance);
    this.#sayItems(call, { from: 0, items, after }, () => this.#do(isDone ? deed : 'answers', call));
  }

  /** As many a millisecond as it takes, one after the other; then it goes on. */
  #sayItems(call: ServedCall, { from, items, after }: Items, goOn: () => void): void {
    const atOnce = Math.ceil(items / Math.max(1, after));
    const to = Math.min(items, from + atOnce);
    this.#self.after(items === 0 ? after : (after * (to - from)) / items, () => {
      if (!this.#underWay.has(call.id)) return;
      for (let item = from; item < to; item += 1)
        this.#say({ method: '$/stream', params: { id: call.id, item } });
      if (to < items) this.#sayItems(call, { from: to, items, after }, goOn);
      else goOn();
    });
  }

  #do(deed: ServingDeed, call: ServedCall): void {
    const { id, params } = call;
    switch (deed) {
      case 'answers':
      case 'answers-twice':
        this.#over(call);
        this.#result(id, params);
        if (deed === 'answers-twice') this.#result(id, params);
        break;
      case 'fails':
        this.#over(call);
        this.#failure(id, THREW, 'it failed');
        break;
      case 'dies':
        this.#self.exit(1);
        break;
      case 'hangs':
        this.#self.process.stopped = true;
        this.#self.process.wasStopped = true;
        break;
      case 'garbles':
        this.#self.write('Segmentation fault\n');
        break;
      case 'misaddresses':
        this.#result(id + 1_000_000, params);
        break;
      case 'closes':
        this.#self.closeStreams();
        break;
      case 'forgets':
    }
  }

  #cancel(id: number): void {
    const underWay = this.#underWay.get(id);
    if (underWay?.givesUp !== true) return;
    this.#over(underWay.call);
    this.#failure(id, CANCELLED, 'it was cancelled');
  }

  #over(call: ServedCall): void {
    this.#underWay.delete(call.id);
    this.#options.answered?.(call, this.#self);
  }

  #handOn(id: number, method: string, { session, saved }: { session: string; saved?: unknown }): void {
    if (this.#options.sessions === 'dies') {
      this.#self.exit(1);
    } else if (!this.#handsOn) {
      this.#failure(id, -32_601, `there is no '${method}'`);
    } else if (method === '$/session.save') {
      this.#result(id, this.#sessions.get(session) ?? null);
    } else {
      this.#sessions.set(session, saved);
      this.#result(id, null);
    }
  }

  #result(id: number, result: unknown): void {
    this.#say({ id, result });
  }

  #failure(id: number, code: number, message: string): void {
    this.#say({ id, error: { code, message } });
  }

  #say(message: object): void {
    this.#self.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
}
