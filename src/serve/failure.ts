/** What a handler has thrown, as its caller gets it. It may be anything, and telling of it never throws. */
import { CODE, type Failure, sample } from '../channel/words.ts';

export function failureOf(error: unknown, code: number): Failure {
  const isError = attempt(() => error instanceof Error) === true;
  if (!isError) return { code, message: textOf(error), data: { name: 'Error', data: error } };
  const { name, message, stack } = factsOf(error as Error);
  const data = dataOf(error as Error);
  return { code, message, data: { name, stack, ...(data === undefined ? {} : { data }) } };
}

/** The value that a handler has given is more than the channel takes, or not what it carries. */
export function unsendable(what: string, cause: unknown): Failure {
  return {
    code: CODE.threw,
    message: `${what} cannot be sent: ${textOf(cause)}`,
    data: { name: 'TypeError' },
  };
}

/** The failure, and what is left of it when it cannot be sent as it is: without what it carries, and then in short. */
export function lesser(failure: Failure): readonly Failure[] {
  const { code, message, data } = failure;
  const { name, stack } = (data ?? {}) as { readonly name?: string; readonly stack?: string };
  return [
    failure,
    { code, message, data: { name, stack } },
    { code, message: sample(message), data: undefined },
  ];
}

function factsOf(error: Error): { name: string; message: string; stack: string | undefined } {
  const stack = attempt(() => error.stack);
  return {
    name: attempt(() => String(error.name)) ?? 'Error',
    message: attempt(() => String(error.message)) ?? textOf(error),
    stack: typeof stack === 'string' ? stack : undefined,
  };
}

/** Its `data`; else what it has of its own, such as the `code` and `path` of a system error. */
function dataOf(error: Error): unknown {
  const given = attempt(() => (error as { readonly data?: unknown }).data);
  if (given !== undefined) return given;
  const own = attempt(() => {
    const { name, message, stack, ...rest } = error;
    return rest;
  });
  return own === undefined || Object.keys(own).length === 0 ? undefined : own;
}

const textOf = (value: unknown): string =>
  attempt(() => (value instanceof Error ? value.message : String(value))) ?? 'what cannot be shown';

/** Undefined when it throws: a getter may, and what is to be a string. */
function attempt<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
