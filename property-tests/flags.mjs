// The flags of the commands here. What cannot be meant is one line on standard error, and exit code 2; `--help` is not.
import { parseArgs } from 'node:util';

/** `command` names who complains; `options` are as for `parseArgs`; `usage` is what `--help` prints. */
export function flagsOf(command, options, usage) {
  const refuse = (complaint) => {
    console.error(`${command}: ${complaint}`);
    process.exit(2);
  };
  const values = parse({ ...options, help: { type: 'boolean', short: 'h', default: false } }, refuse);
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }

  /** Plain digits only: Number() would take '', '0x10' and '1e3' too. */
  const wholeNumber = (name, least, most) => {
    const number = Number(values[name]);
    if (/^\d+$/.test(values[name]) && number >= least && number <= most) return number;
    return refuse(`--${name}: expected a whole number from ${least} to ${most}, got '${values[name]}'`);
  };
  return { values, wholeNumber, refuse };
}

function parse(options, refuse) {
  const args = [];
  for (const arg of process.argv.slice(2)) {
    const takesValue = options[args.at(-1)?.slice(2)]?.type === 'string';
    if (takesValue && arg.startsWith('--')) refuse(`${args.at(-1)}: a value is missing`);
    // A number below zero is a wrong value, and not a flag that is not known.
    if (takesValue && /^-\d/.test(arg)) args.push(`${args.pop()}=${arg}`);
    else args.push(arg);
  }
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    return refuse(`${error.message.split(/\.\s|\n/, 1)[0]} (there are ${known.join(', ')})`);
  }
}

/** Seeds are of 32 bits. */
export const SEEDS = 2 ** 32;
