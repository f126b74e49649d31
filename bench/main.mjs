// Runs one benchmark by name: a table for people and, with --json, one line of JSON last.
import { print } from './measure.mjs';

const BENCHES = {
  spawn: 'spawn and exit of /bin/true, 8 at a time, against child_process.spawn',
  stop: 'stopping 200 shells with two children each, against tree-kill',
  killed: 'SIGKILL of a host until its fifty workers are gone, against signalling as many sleeps',
  supervisor: '10,000 dynamic children on the simulated kernel, heap per worker, processor time of a restart',
  dispatch: 'calls to two workers, against piscina, tinypool, workerpool and jest-worker',
  tasks: '1,000 × true, 8 at a time, against GNU parallel and child_process.spawn',
  restart: "SIGKILL of a worker to its successor's fork, against an 'exit' handler",
};

const [name, ...options] = process.argv.slice(2);
const unknownOption = options.find((option) => option !== '--json');

if (name === undefined || !Object.hasOwn(BENCHES, name) || unknownOption !== undefined) {
  if (unknownOption !== undefined) console.error(`unknown option: ${unknownOption}`);
  else if (name !== undefined) console.error(`unknown benchmark: ${name}`);
  console.error('usage: npm run bench -- <name> [--json]');
  for (const [known, what] of Object.entries(BENCHES)) console.error(`  ${known.padEnd(12)}${what}`);
  process.exit(2);
}

console.log(`${name}: ${BENCHES[name]}`);
const { bench } = await import(`./${name}.mjs`);
print(await bench(), options.includes('--json'));
