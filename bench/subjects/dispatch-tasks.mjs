// What the workers of all pools do when their dispatch is compared.

/** Next to nothing. */
export const first = ({ value }) => value;

/** Gives a buffer back. */
export const echo = (buffer) => buffer;

/** The same work for everybody, however busy the machine: so many steps. */
export function burn(steps) {
  let number = 1;
  for (let step = 0; step < steps; step += 1) number = (Math.imul(number, 1_664_525) + 1_013_904_223) | 0;
  return number;
}
