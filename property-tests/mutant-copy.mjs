// A copy of the sources in which bugs are planted: it is built and lived somewhere else, and leaves nothing behind.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const program = fileURLToPath(new URL('mutant-life.mjs', import.meta.url));

/** What lives are made of, and judged by. */
const LIVED = /^((kept|pool|tasks)-[a-z-]+|invariants)\.ts$/;

/** Milliseconds without one more lifetime lived after which that one is taken to have no end; most take a few. */
const ENDLESS_AFTER_MS = 60_000;
/** Milliseconds for a whole campaign: generous, for what merely is slow must not count as found. */
const LONGEST_MS = 15 * 60_000;
/** The compiler's complaints about text that is no TypeScript; all others are about what it means. */
const NOT_PARSED = /error TS1\d{3}:/;

/** What the sources mean is checked elsewhere, and takes the compiler ten times as long. */
const ONLY_PROGRAMS = [
  '--noCheck',
  '--declaration',
  'false',
  '--declarationMap',
  'false',
  '--sourceMap',
  'false',
];

/** For files by themselves. */
const PLANTED = {
  noResolve: true,
  noCheck: true,
  types: [],
  declaration: false,
  declarationMap: false,
  sourceMap: false,
};

const builtOf = (file) => join('dist', file.replace(/\.ts$/, '.js'));

/** The list of mutants, or the sources themselves, are at fault, and not what is looked for. */
export class ListError extends Error {}

/** The texts of the files below `base` with these edits made, by file. Throws a ListError when one does not fit. */
export function edited(edits, base = root) {
  const texts = new Map();
  for (const { file, find, replace } of edits) {
    const path = join(base, 'src', file);
    if (!existsSync(path)) throw new ListError(`there is no ${file}`);
    const text = texts.get(file) ?? readFileSync(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new ListError(`${file} has ${places} times, and not once: ${find.trim()}`);
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return texts;
}

export class Copy {
  #directory;
  #isBuilt = false;
  /** What runs here now. */
  #child;

  constructor(directory) {
    this.#directory = directory;
    mkdirSync(directory);
    for (const name of ['src', 'package.json', 'tsconfig.json'])
      cpSync(join(root, name), join(directory, name), { recursive: true });
    // Beside the sources, to be built with them.
    for (const name of readdirSync(join(root, 'property-tests')).filter((file) => LIVED.test(file))) {
      const text = readFileSync(join(root, 'property-tests', name), 'utf8');
      writeFileSync(join(directory, 'src', name), text.replaceAll("'../src/", "'./"));
    }
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  }

  /** As built, and as sound, as this one is while nothing is planted in it. */
  another(directory) {
    const other = new Copy(directory);
    cpSync(join(this.#directory, 'dist'), join(directory, 'dist'), { recursive: true });
    other.#isBuilt = this.#isBuilt;
    return other;
  }

  /** Ends what runs here, and what that has started: the compiler is a program of its own. */
  kill() {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {} // it has just ended
  }

  /** Plants, builds, lives, and takes the edits out again. What became of it: see `outcomeOf`. */
  async hunt({ edits }, { campaign, seeds, shrink }) {
    const texts = edited(edits, this.#directory); // as they were copied, whatever has become of them since
    await this.#buildSound();
    const files = [...texts.keys()].flatMap((file) => [join('src', file), builtOf(file)]);
    const paths = files.map((file) => join(this.#directory, file));
    const sound = paths.map((path) => readFileSync(path));
    try {
      if (edits.length > 0) await this.#plant(texts);
      return await this.#live(campaign, seeds, shrink);
    } finally {
      for (const [index, path] of paths.entries()) writeFileSync(path, sound[index]);
    }
  }

  /** Once. */
  async #buildSound() {
    if (this.#isBuilt) return;
    const { code, lines } = await this.#compile(['-p', join(this.#directory, 'src'), ...ONLY_PROGRAMS]);
    if (code !== 0) throw new ListError(`it was not built: ${lines[0] ?? `the compiler ended with ${code}`}`);
    this.#isBuilt = true;
  }

  /**
   * Only the edited files are built anew, each by itself, in a moment. What they mean is not checked: a mutant need not
   * please the type checker.
   */
  async #plant(texts) {
    for (const [file, text] of texts) {
      writeFileSync(join(this.#directory, 'src', file), text);
      rmSync(join(this.#directory, builtOf(file))); // or what was there would be lived, and called the mutant
    }
    const project = join(this.#directory, 'planted.json');
    const files = [...texts.keys()].map((file) => join('src', file));
    const compilerOptions = { ...PLANTED, rootDir: 'src', outDir: 'dist' };
    writeFileSync(
      project,
      JSON.stringify({ extends: './src/tsconfig.json', include: [], files, compilerOptions }),
    );
    const { lines } = await this.#compile(['-p', project, '--noEmitOnError', 'false']);
    const complaint = lines.find((line) => NOT_PARSED.test(line));
    if (complaint !== undefined) throw new ListError(`it is no TypeScript: ${complaint}`);
    for (const file of texts.keys())
      if (!existsSync(join(this.#directory, builtOf(file))))
        throw new ListError(`${file} was not built: ${lines[0] ?? 'without a word'}`);
  }

  #compile(args) {
    return this.#run([compiler, ...args], 120_000, () => {});
  }

  async #live(campaign, seeds, shrink) {
    const told = {};
    let lived = 0;
    let since = performance.now();
    let endless = false;
    const watch = setInterval(() => {
      if (told.broken !== undefined || performance.now() - since < ENDLESS_AFTER_MS) return;
      endless = true;
      this.kill();
    }, 1_000);
    const args = [program, this.#directory, campaign, String(seeds), String(shrink)];
    const { lines, late } = await this.#run(args, LONGEST_MS, (line) => {
      const news = parsed(line);
      if (news?.lived > lived) {
        ({ lived } = news);
        since = performance.now();
      }
      Object.assign(told, news);
    });
    clearInterval(watch);
    return outcomeOf(told, { seeds, lived, endless, late, lines });
  }

  /** Resolves when it has ended, with what it wrote, and whether that took too long. */
  #run(args, longest, onLine) {
    const child = spawn(process.execPath, args, {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      this.kill();
    }, longest);
    const lines = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (lines.length < 1_000) lines.push(line);
        if (stream === child.stdout) onLine(line);
      });
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(limit);
        this.#child = undefined;
        resolve({ code: code ?? signal, lines, late });
      });
    });
  }
}

/** `sound`, `caught` or `inconclusive`, and why. */
function outcomeOf(told, { seeds, lived, endless, late, lines }) {
  if (told.unloadable !== undefined) throw new ListError(`it cannot be loaded: ${told.unloadable}`);
  if (told.broken !== undefined) {
    const { broken, seed, life, kept, plan } = told;
    const where =
      kept !== undefined ? ` of the life kept for '${kept}'` : life !== undefined ? `, life ${life}` : '';
    return { kind: 'caught', why: `${broken}, seed ${seed}${where}`, plan };
  }
  if (told.thrown !== undefined) return { kind: 'caught', why: `it threw: ${told.thrown}` };
  if (told.sound === seeds) return { kind: 'sound', why: `${seeds} lifetimes` };
  if (endless) return { kind: 'caught', why: `after ${lived} lifetimes, or a few more, one never ended` };
  if (lines.some((line) => line.includes('JavaScript heap out of memory')))
    return { kind: 'caught', why: 'a lifetime took all memory' };
  if (late)
    return { kind: 'inconclusive', why: `${lived} of ${seeds} lifetimes in ${LONGEST_MS / 60_000} minutes` };
  return {
    kind: 'inconclusive',
    why: `it ended after ${lived} lifetimes: ${lines.at(-1) ?? 'without a word'}`,
  };
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // somebody else's words
  }
}
