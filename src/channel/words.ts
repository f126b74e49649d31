/** What a host and a worker say to each other, whatever its form on the way: JSON-RPC 2.0 and its common additions. */

/** Beside the parameters of a request. */
export interface RequestExtra {
  /** The session that the request belongs to. */
  readonly session?: string;
  /** Items are wanted one by one, as they come. */
  readonly stream?: boolean;
}

/** Why a request was not done, in the worker's words. */
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** Of JSON-RPC, of the language server protocol, and of Reeve. */
export const CODE = {
  unreadable: -32_700,
  badRequest: -32_600,
  noMethod: -32_601,
  badParams: -32_602,
  threw: -32_000,
  cancelled: -32_800,
} as const;

export const PING = '$/ping';
export const CANCEL = '$/cancelRequest';
export const PROGRESS = '$/progress';
export const STREAM = '$/stream';
export const LOG = '$/log';
export const HEARTBEAT = '$/heartbeat';

/** Ours are numbers; a worker that asks may name its requests by strings, too. */
export type RequestId = number | string;

/**
 * Spoken to whoever writes, and heard from whoever reads. A writer throws when what it is given cannot be sent in its
 * form; nothing of it is sent then.
 */
export interface Words {
  request(id: RequestId, method: string, params: unknown, extra: RequestExtra | undefined): void;
  result(id: RequestId, value: unknown): void;
  failure(id: RequestId, failure: Failure): void;
  progress(id: RequestId, value: unknown): void;
  item(id: RequestId, item: unknown): void;
  cancel(id: RequestId): void;
  notification(method: string, params: unknown): void;
}

/** Turns words into bytes. */
export interface Writer extends Words {
  /** What was said since this was asked last, in order. */
  take(): readonly (string | Uint8Array)[];
  /** Characters or bytes that were said and are not taken yet, about. */
  readonly waiting: number;
}

/** Turns bytes into words. Throws a `Fault` for what are none; it can read no more then. */
export interface Reader {
  /** Keeps nothing of `bytes`, which may be overwritten afterwards. */
  add(bytes: Uint8Array): void;
  /** A message has begun, and has not ended yet. */
  readonly isMidway: boolean;
}

/**
 * What a worker said that nobody can make sense of: `garbage`: no message · `too-long`: longer than the channel takes ·
 * `unfinished`: it began, and did not go on · `unknown-id`: an answer to what was never asked · `answered-twice`.
 */
export type FaultKind = 'garbage' | 'too-long' | 'unfinished' | 'unknown-id' | 'answered-twice';

export class Fault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The longest message that is read or written, in bytes, unless told otherwise: 64 MiB. */
export const LONGEST_MESSAGE = 64 * 1_024 * 1_024;

/** What was said, as far as it helps to find who said it. */
export const sample = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** At most: many texts need not be measured. */
const BYTES_OF_A_CHARACTER = 3;

/** Whether a text takes more bytes than that. */
export const isLonger = (text: string, limit: number): boolean =>
  text.length > limit || (text.length * BYTES_OF_A_CHARACTER > limit && Buffer.byteLength(text) > limit);

export const tooLong = (limit: number): Fault =>
  new Fault('too-long', `a message is longer than ${limit} bytes`);
