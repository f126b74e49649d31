/** What a worker can do, as types: taken from its module, or from what it gives to `serve`. */

// Parameters are the handler's own business; only `never` is taken by all of them.
type Method = (params: never, context: never) => unknown;

/** Functions by name, as `serve` takes them. */
export type Api = { readonly [name: string]: Method };

/** Of a worker that nothing is known of. */
export type UnknownApi = { readonly [name: string]: (params?: unknown) => unknown };

type Functions<T> = { readonly [K in keyof T as T[K] extends Method ? K : never]: T[K] };

/** Of a module: its functions, those of an object that it exports as default, and `run` for a default function. */
export type ApiOf<T> = T extends { readonly default: infer Main }
  ? (Main extends Method ? { readonly run: Main } : Functions<Main>) & Functions<Omit<T, 'default'>>
  : Functions<T>;

export type MethodOf<A> = keyof A & string;

/** What is called when no method is named. */
export type MainMethodOf<A> = 'run' extends MethodOf<A> ? 'run' : MethodOf<A>;

// By its parameters, and not by what it may be called with: one that may be left out may be given, too.
type Given<F> = F extends (...all: infer All) => unknown ? (All extends [] ? undefined : All[0]) : never;
type Returned<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** Arguments after the method: none are needed where there are no parameters. */
export type ParamsOf<A, M extends keyof A> = Given<A[M]>;

/** Of a generator; what else tells items by `stream` says nothing of them in its type. */
export type ItemOf<A, M extends keyof A> =
  Returned<A[M]> extends AsyncIterator<infer Item> | Iterator<infer Item> ? Item : unknown;

/** What a call resolves with: of a generator all its items. */
export type ResultOf<A, M extends keyof A> =
  Returned<A[M]> extends AsyncIterator<infer Item> | Iterator<infer Item> ? Item[] : Returned<A[M]>;

/** `params` may be left out where the method takes none, or nothing is known of it. */
export type CallArguments<A, M extends keyof A, Options> =
  undefined extends ParamsOf<A, M>
    ? [params?: ParamsOf<A, M>, options?: Options]
    : [params: ParamsOf<A, M>, options?: Options];
