/** The one seed of all properties: REEVE_SEED has them look elsewhere. What fails prints it, and is lived again by it. */
import fc from 'fast-check';

const ALWAYS = 20_261_121;

export const SEED = Number(process.env['REEVE_SEED'] ?? ALWAYS);
if (!Number.isSafeInteger(SEED)) throw new Error(`REEVE_SEED is to be a whole number`);

/** So that no property goes without. */
fc.configureGlobal({ seed: SEED });
