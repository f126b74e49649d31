/** The invariants, by name: stated in `src/sim/invariants.ts`, judged by the oracle beside it, told in docs/invariants.md. */
export { INVARIANTS, type Invariant, type Violation } from '../src/sim/invariants.ts';
