/** The mark that every process of a run carries in its environment, and hands down to all its descendants. */

export const RUN_VARIABLE = 'REEVE_RUN_ID';
export const WORKER_VARIABLE = 'REEVE_WORKER_ID';
/** The marks of the runs around this one, when a worker embeds Reeve itself: `run/worker`, separated by spaces. */
export const OUTER_VARIABLE = 'REEVE_OUTER_IDS';

/** One run's mark. `workerId` is empty on the forker, and on a child in the instant between its fork and its exec. */
export interface Cookie {
  readonly runId: string;
  readonly workerId: string;
}

/** The marks found in an environment, innermost first. */
export function readCookies(variable: (name: string) => string | undefined): readonly Cookie[] {
  const runId = variable(RUN_VARIABLE);
  if (runId === undefined || runId === '') return [];
  const own = { runId, workerId: variable(WORKER_VARIABLE) ?? '' };
  const outer = (variable(OUTER_VARIABLE) ?? '').split(' ').filter((mark) => mark !== '');
  return [own, ...outer.map(parseMark)];
}

/** The variables that put `cookie` into an environment which is itself marked with `outer`. */
export function cookieVariables(cookie: Cookie, outer: readonly Cookie[]): Record<string, string> {
  const variables = { [RUN_VARIABLE]: cookie.runId, [WORKER_VARIABLE]: cookie.workerId };
  if (outer.length === 0) return variables;
  return { ...variables, [OUTER_VARIABLE]: outer.map((mark) => `${mark.runId}/${mark.workerId}`).join(' ') };
}

export function sameCookies(a: readonly Cookie[], b: readonly Cookie[]): boolean {
  return (
    a.length === b.length &&
    a.every((mark, index) => mark.runId === b[index]?.runId && mark.workerId === b[index]?.workerId)
  );
}

/** Run IDs hold no slash; worker IDs are paths and may. */
function parseMark(mark: string): Cookie {
  const slash = mark.indexOf('/');
  return slash === -1
    ? { runId: mark, workerId: '' }
    : { runId: mark.slice(0, slash), workerId: mark.slice(slash + 1) };
}
