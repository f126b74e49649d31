// npm run otp -- [--sequences N] [--json]: random trees and commands on OTP's own supervisors and on Reeve's; fails when
// they do not make the same of one. REEVE_SEED has it look elsewhere.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { flagsOf } from './flags.mjs';

const USAGE = `npm run otp -- [options]: random trees and commands on OTP's own supervisors and on Reeve's; exit code 1 when
they do not make the same of one; 2 for what cannot be meant, or without erl.
  --sequences N  how many, 2000 by default
  --json         one line of JSON`;

const { values, wholeNumber, refuse } = flagsOf(
  'otp',
  { sequences: { type: 'string', default: '2000' }, json: { type: 'boolean', default: false } },
  USAGE,
);
const count = wholeNumber('sequences', 1, 10_000_000);
const { Erlang, hasErlang, campaign, shortest, SEED } = await compiled();
if (!hasErlang()) refuse('there is no erl to compare with: install erlang-base');

const erlang = new Erlang(fileURLToPath(new URL('otp', import.meta.url)));
const begun = performance.now();
try {
  const { sequences, commands, mismatches } = await campaign(count, erlang);
  if (values.json) console.log(JSON.stringify({ sequences, commands, mismatches: mismatches.length }));
  else {
    const seconds = (performance.now() - begun) / 1_000;
    console.log(`${sequences} sequences from seed ${SEED}, ${commands} commands, ${seconds.toFixed(1)} s`);
    for (const mismatch of mismatches.slice(0, 20)) console.error(`not the same: ${mismatch}`);
    if (mismatches.length > 20) console.error(`and ${mismatches.length - 20} more`);
    if (mismatches.length > 0)
      console.error(`the first of them, as short as it gets:\n${await shortest(count, erlang)}`);
  }
  process.exitCode = mismatches.length > 0 ? 1 : 0;
} finally {
  await erlang.close();
}

/** The sources of both sides, which Node does not run as they are. */
async function compiled() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const tsc = [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}property-tests/otp`];
  const { status } = spawnSync(process.execPath, tsc, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
  const folder = '../node_modules/.reeve-otp/property-tests';
  return {
    ...(await import(`${folder}/otp/erlang.js`)),
    ...(await import(`${folder}/otp-campaign.js`)),
    ...(await import(`${folder}/seed.js`)),
  };
}
