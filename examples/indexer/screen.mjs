// What is seen of the job: on a terminal a tree and a progress bar below the lines, elsewhere a line for each tenth.

const REDRAW_MS = 100;
const BAR = 40;

/** @param tree gives the lines that stand above the bar */
export function openScreen(stdout, tree) {
  const isTerminal = stdout.isTTY === true;
  let share = 0;
  let tenths = 0;
  let drawn = 0;
  let timer;

  const erase = () => {
    if (drawn > 0) stdout.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const width = (stdout.columns || 80) - 1;
    const full = Math.round(share * BAR);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${percent(share)}`;
    const lines = [...tree(), bar].map((line) => line.slice(0, width));
    if (lines.length >= (stdout.rows || 24)) lines.splice(0, lines.length - 1); // no room for the tree
    stdout.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };

  return {
    line(text = '') {
      erase();
      stdout.write(`${text}\n`);
    },
    /** @param done how much of the job, from 0 to 1 */
    progress(done) {
      share = done;
      if (isTerminal) timer ??= setInterval(draw, REDRAW_MS).unref();
      else if (Math.floor(done * 10) > tenths) {
        tenths = Math.floor(done * 10);
        stdout.write(`${percent(done).padStart(5)} of the calls are answered\n`);
      }
    },
    /** Nothing moves any more. */
    close() {
      clearInterval(timer);
      erase();
    },
  };
}

const percent = (share) => `${Math.floor(share * 100)} %`;
