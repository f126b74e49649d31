/** The line of progress: a bar, what has been done, what failed, and how long it may still take. */
import { styleText } from 'node:util';

export interface Progress {
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  /** Over, in this run. */
  readonly done: number;
  /** Done before, in an earlier run. */
  readonly resumed: number;
  readonly failed: number;
  readonly running: number;
  /** Milliseconds since the run began. */
  readonly elapsed: number;
}

const BAR = 30;
const SEPARATOR = ' · ';

/** @param columns of the terminal: it has to stay on one line */
export function describeProgress(progress: Progress, columns: number): string {
  const { total, done, resumed, failed, running } = progress;
  const over = done + resumed;
  const counts = [
    total === undefined ? `${over} done` : `${over}/${total}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${running} running`,
    ...(total === undefined ? [] : [`ETA ${etaOf(progress, total)}`]),
  ].join(SEPARATOR);
  const bar = total === undefined || total === 0 ? '' : `${barOf(over / total)} `;
  const text = `${bar}${counts}`.slice(0, Math.max(20, columns - 1));
  return failed > 0 ? text.replace(`${failed} failed`, paint('red', `${failed} failed`)) : text;
}

function barOf(share: number): string {
  const full = Math.floor(share * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
}

/** By the mean throughput of this run. */
function etaOf({ done, resumed, elapsed }: Progress, total: number): string {
  if (done === 0) return '-';
  const seconds = Math.ceil(((total - done - resumed) * elapsed) / done / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  const rest = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** As `NO_COLOR` and its like will have it. */
const paint = (color: Parameters<typeof styleText>[0], text: string): string =>
  styleText(color, text, { stream: process.stderr });
