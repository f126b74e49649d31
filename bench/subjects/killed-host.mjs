// A host with fifty workers, some of them hard to end. It says who is whose, and is killed.
import { startHost } from '../../dist/index.js';

const [stateDirectory, orphanGrace] = process.argv.slice(2);
const shell = (id, script) => ({ id, command: 'sh', args: ['-c', script], ready: { log: 'up' } });
const HARD = [
  { ...shell('stubborn', 'trap "" TERM; echo up; sleep 1000; exit 1'), shutdown: 500 },
  shell('with-child', 'sleep 1000 & echo up; wait'),
  shell('with-session', 'setsid sleep 1000 & echo up; wait'),
  shell(
    'with-daemon',
    '(setsid sh -c "sleep 1000 & exec sleep 1000" >/dev/null 2>&1 &); echo up; exec sleep 1000',
  ),
];

const host = await startHost({ stateDirectory, orphanGrace: Number(orphanGrace), signals: false });
await host.supervise({
  id: 'crowd',
  ordered: false,
  children: [
    ...HARD,
    ...Array.from({ length: 46 }, (_, n) => ({ id: `plain-${n}`, command: 'sleep', args: ['1000'] })),
  ],
});
process.send(host.runId);
