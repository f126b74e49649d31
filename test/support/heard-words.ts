/** What a reader has heard, as it was said, one entry a word. */
import { expect } from 'vitest';
import { Fault, type Reader, type Words } from '../../src/channel/words.ts';

/** Of the word, and with what it was said. */
export type Word = readonly [keyof Words, ...unknown[]];

export function listener(): { readonly words: Words; readonly heard: Word[] } {
  const heard: Word[] = [];
  const hear =
    (word: keyof Words) =>
    (...said: unknown[]) =>
      void heard.push([word, ...said]);
  const words = {
    request: hear('request'),
    result: hear('result'),
    failure: hear('failure'),
    progress: hear('progress'),
    item: hear('item'),
    cancel: hear('cancel'),
    notification: hear('notification'),
  };
  return { words, heard };
}

/** Says a word to a writer. */
export function say(writer: Words, [word, ...said]: Word): void {
  (writer[word] as (...said: unknown[]) => void)(...said);
}

export const bytesOf = (parts: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));

/** Has the reader read, and returns the fault that it finds. */
export function faultOf(reader: Reader, bytes: Uint8Array | string): Fault {
  let thrown: unknown;
  try {
    reader.add(Buffer.from(bytes as Uint8Array));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Fault);
  return thrown as Fault;
}
