/** `reeve/worker`: for programs that a pool starts. */
export { type CallContext, CancelledError, type LogLevel } from './call-context.ts';
export type { Handler, Handlers, ServeOptions } from './desk.ts';
export { serve } from './serve.ts';
