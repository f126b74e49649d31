// A child process that an 'exit' handler spawns again, killed again and again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { serve } from '../subject.mjs';

let child;
let onForked = () => {};

function start() {
  child = spawn('sleep', ['1000'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdout.resume();
  child.stderr.resume();
  child.on('exit', start);
  onForked();
}

start();

serve(
  async ({ pause }) => {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const forked = new Promise((resolve) => {
      onForked = () => resolve(performance.now());
    });
    const killed = performance.now();
    child.kill('SIGKILL');
    return (await forked) - killed;
  },
  async () => {
    child.off('exit', start);
    child.kill('SIGKILL');
    await once(child, 'exit');
  },
);
