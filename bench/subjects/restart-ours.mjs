// A permanent worker under a supervisor, killed again and again.
import { startHost } from '../../dist/index.js';
import { serve } from '../subject.mjs';

const host = await startHost({ name: 'bench-restart', stateDirectory: process.argv[2], signals: false });
let onRunning = () => {};
host.events.on((event) => {
  if (event.type === 'worker.state' && event.state === 'running') onRunning(event.pid);
});

const running = () =>
  new Promise((resolve) => {
    onRunning = resolve;
  });

const first = running();
await host.supervise({
  id: 'restart',
  intensity: 1_000_000,
  period: 100,
  children: [{ id: 'sleeper', command: 'sleep', args: ['1000'], restart: 'permanent' }],
});
let pid = await first;

serve(
  async ({ pause }) => {
    await new Promise((resolve) => setTimeout(resolve, pause)); // a worker that has settled
    const successor = running();
    const killed = performance.now();
    process.kill(pid, 'SIGKILL');
    pid = await successor;
    return performance.now() - killed;
  },
  () => host.stop(),
);
