// Answers with how many lines and words a page of the store has.
import { createServer } from 'node:http';

const [here, store] = process.argv.slice(2);

createServer(async (request, response) => {
  try {
    const page = await fetch(new URL(request.url, store));
    const text = await page.text();
    const counts = { lines: text.split('\n').length, words: text.split(/\s+/).filter(Boolean).length };
    response.writeHead(page.status).end(JSON.stringify(counts));
  } catch (error) {
    response.writeHead(502).end(JSON.stringify({ error: error.cause?.code ?? error.message }));
  }
}).listen(Number(new URL(here).port), '127.0.0.1', () => console.log(`answering at ${here}`));
