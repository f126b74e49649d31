/** From a request to spawn to the order that the forker gets, and from its streams' ends to the port's. */
import { resolve } from 'node:path';
import type { InputSpec, OutputSpec, SpawnRequest, Streams } from '../os.ts';
import type { ForkOrder, StreamSource } from './messages.ts';
import type { HostEnd } from './supply.ts';

type StreamSpec = InputSpec | OutputSpec;

const specs = ({ stdin, stdout, stderr, fd3 }: SpawnRequest): readonly StreamSpec[] => [
  stdin,
  stdout,
  stderr,
  fd3,
];

/** @param ends one for each `pipe`, in the order of their descriptors */
export function orderOf(id: number, request: SpawnRequest, ends: readonly HostEnd[]): ForkOrder {
  const { workerId, command, args } = request;
  const cwd = resolve(request.cwd ?? '.'); // the forker's own directory is another
  const left = [...ends];
  const source = (spec: StreamSpec): StreamSource => {
    if (typeof spec === 'object') return { file: resolve(spec.file) };
    return spec === 'pipe' ? left.shift()!.source : spec;
  };
  const streams = specs(request).map(source) as unknown as ForkOrder['streams'];
  return { id, workerId, command, args, cwd, env: environmentOf(request), streams };
}

/** JSON knows no undefined: null takes a variable away. */
export const environmentOf = ({ env }: SpawnRequest): ForkOrder['env'] =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? null]));

/** The host's ends, for whoever talks with the process. */
export function streamsOf(request: SpawnRequest, ends: readonly HostEnd[]): Streams {
  const left = [...ends];
  const [stdin, stdout, stderr, fd3] = specs(request).map((spec) =>
    spec === 'pipe' ? left.shift() : undefined,
  );
  return {
    stdin: stdin?.asSink(),
    stdout: stdout?.asSource(),
    stderr: stderr?.asSource(),
    fd3: fd3?.asDuplex(),
  };
}
