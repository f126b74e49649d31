/** FIFOs for what processes write, made ahead of time in batches: each is one process's at a time, and used again. */
import { unlinkSync } from 'node:fs';
import { codeOf, type SpawnFailure } from '../../errors.ts';
import { fifoPath, hasNoReader, openToRead } from './fifo.ts';
import type { FifoBatch } from './messages.ts';
import { failure } from './spawn-failure.ts';
import { StreamEnd } from './stream-end.ts';

/** So many are made at least: to start the program that makes them is the dear part. */
const BATCH = 64;
/** With fewer than this, more are made before they are missed. */
const LOW = 16;
/** After a crowd of processes no more than this are kept for the next one. */
const MOST_FREE = 256;

interface Taker {
  readonly count: number;
  readonly resolve: (ids: readonly number[] | undefined) => void;
  readonly reject: (failure: SpawnFailure) => void;
}

export class FifoPool {
  readonly #directory: string | undefined;
  readonly #make: (batch: FifoBatch) => void;
  /** Nobody has them open. The one that came back last is taken first. */
  #free: number[] = [];
  #takers: Taker[] = [];
  #lastId = 0;
  /** Asked for, and neither made nor refused yet. */
  #expected = 0;
  /** The present forker cannot make any, or what was made is gone. */
  #refused = false;

  /**
   * @param directory where they lie; undefined when there are to be none
   * @param make asks the forker for a batch
   */
  constructor(directory: string | undefined, make: (batch: FifoBatch) => void) {
    this.#directory = directory;
    this.#make = make;
  }

  /** False when sockets have to take their place from now on. */
  get available(): boolean {
    return this.#directory !== undefined && !this.#refused;
  }

  /**
   * The host's ends. Undefined when none can be had: then sockets will do. Rejects with a `SpawnFailure` when the host
   * has no descriptor left.
   */
  async take(count: number): Promise<readonly StreamEnd[] | undefined> {
    const ids = await this.#reserve(count);
    if (ids === undefined) return undefined;
    const ends: StreamEnd[] = [];
    try {
      for (const id of ids) ends.push(this.#open(id));
      return ends;
    } catch (error) {
      for (const end of ends) end.destroy();
      for (const id of ids.slice(ends.length)) this.#discard(id);
      if (LACKS.has(codeOf(error))) throw failure('streams', error);
      this.refuse(); // somebody has taken them away
      return undefined;
    }
  }

  /** What a new forker is to make before anything else. The one before it makes no more. */
  firstBatch(): FifoBatch | undefined {
    this.#refused = false;
    this.#expected = 0;
    return this.#nextBatch(Math.max(this.#missing, BATCH - this.#free.length));
  }

  add({ first, count }: FifoBatch): void {
    this.#expected -= count;
    for (let id = first; id < first + count; id += 1) this.#free.push(id);
    this.#serve();
  }

  /** The forker cannot make any: those who wait for one, and those who come later, do without. */
  refuse(): void {
    this.#refused = true;
    for (const taker of this.#dismissTakers()) taker.resolve(undefined);
  }

  /** There is no forker, and there will be none. */
  failAll(reason: SpawnFailure): void {
    for (const taker of this.#dismissTakers()) taker.reject(reason);
  }

  /** For when there is time: after a fork, not before it. */
  refillWhenLow(): void {
    if (this.#free.length + this.#expected < LOW) this.#refill(BATCH);
  }

  #reserve(count: number): Promise<readonly number[] | undefined> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ count, resolve, reject });
      this.#serve();
    });
  }

  #serve(): void {
    for (let taker = this.#takers[0]; taker !== undefined; taker = this.#takers[0]) {
      if (taker.count > this.#free.length) break;
      this.#takers.shift();
      taker.resolve(this.#free.splice(this.#free.length - taker.count));
    }
    if (this.#takers.length === 0) return;
    if (this.available) this.#refill(this.#missing);
    else this.refuse();
  }

  get #missing(): number {
    const wanted = this.#takers.reduce((sum, taker) => sum + taker.count, 0);
    return wanted - this.#free.length - this.#expected;
  }

  #refill(missing: number): void {
    const batch = this.#nextBatch(missing);
    if (batch !== undefined) this.#make(batch);
  }

  #nextBatch(missing: number): FifoBatch | undefined {
    if (missing <= 0 || !this.available) return undefined;
    const batch = { first: this.#lastId + 1, count: Math.max(missing, BATCH) };
    this.#lastId += batch.count;
    this.#expected += batch.count;
    return batch;
  }

  #dismissTakers(): readonly Taker[] {
    const takers = this.#takers;
    this.#takers = [];
    return takers;
  }

  #open(id: number): StreamEnd {
    const socket = openToRead(this.#path(id));
    socket.once('close', () => this.#closed(id, socket.readableEnded));
    return new StreamEnd({ fifo: id }, socket);
  }

  /** Without its end somebody may hold it still, and would write into what another process says next. */
  #closed(id: number, ended: boolean): void {
    if (ended && this.#free.length < MOST_FREE && hasNoReader(this.#path(id))) {
      this.#free.push(id);
      this.#serve();
    } else {
      this.#discard(id);
    }
  }

  #discard(id: number): void {
    try {
      unlinkSync(this.#path(id));
    } catch {
      // Gone with the run's directory, or it stays there until that goes: its number is not used again.
    }
  }

  #path(id: number): string {
    return fifoPath(this.#directory!, id);
  }
}

const LACKS = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);
