// A worker in plain JavaScript, with nothing but a standard input and output: `reverse` turns a text around.
let rest = '';
for await (const chunk of process.stdin.setEncoding('utf8')) {
  const lines = (rest + chunk).split('\n'); // node:readline would break lines at U+2028, too
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue; // a notification: nothing to answer
    let outcome = {};
    try {
      if (method === '$/ping') outcome = { result: null };
      else if (method === 'reverse') outcome = { result: [...params].reverse().join('') };
      else outcome = { error: { code: -32601, message: 'no such method' } };
    } catch (error) {
      outcome = { error: { code: -32000, message: String(error) } };
    }
    console.log(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  }
}
