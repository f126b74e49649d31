// Asks the library for pages, one a second, and reports what it got; each visit goes into a log as well.
import { appendFileSync } from 'node:fs';

const [base, log] = process.argv.slice(2);
const pages = ['README.md', 'package.json', 'docs/architecture.md', 'src/index.ts', 'no-such-page'];

console.log(`visiting ${base}`);
for (let visit = 0; ; visit += 1) {
  const page = pages[visit % pages.length];
  try {
    const response = await fetch(new URL(page, base));
    const { length } = await response.text();
    console.log(`${response.status} ${page}, ${length} characters`);
    appendFileSync(log, `visit ${visit + 1}: ${page} ${response.status}\n`);
  } catch (error) {
    console.log(`cannot reach ${page}: ${error.cause?.code ?? error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
