// Asks the API about pages, one a second, and reports what it got; each visit goes into a log as well.
import { appendFileSync } from 'node:fs';

const [base, log, name] = process.argv.slice(2);
const pages = ['README.md', 'package.json', 'docs/architecture.md', 'src/index.ts', 'no-such-page'];

console.log(`${name} comes in`);
for (let visit = 0; ; visit += 1) {
  const page = pages[visit % pages.length];
  try {
    const response = await fetch(new URL(page, base));
    const { words } = await response.json();
    console.log(`${name}: ${response.status} ${page}, ${words} words`);
    appendFileSync(log, `visit ${visit + 1} of ${name}: ${page} ${response.status}\n`);
  } catch (error) {
    console.log(`${name}: cannot reach ${page}: ${error.cause?.code ?? error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
