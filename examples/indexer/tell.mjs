// Tells in a few lines what happens in the host, from its events and from what its workers write.

/** So many lines of the village's customers are shown; then they are only counted. */
const VISITS_SHOWN = 3;

export function listen(host, screen) {
  let visits = 0;
  let isStopping = false;
  let killed;
  let replacedBy;
  const stopped = [];
  const replaced = new Promise((resolve) => {
    replacedBy = resolve;
  });

  host.onOutput((path, line) => {
    if (!/^\w+: \d+ /.test(line)) return; // it is not one of the visits to the village's API
    visits += 1;
    if (visits <= VISITS_SHOWN) screen.line(`${path} | ${line}`);
  });

  host.events.on((event) => {
    switch (event.type) {
      case 'child.started':
        if (event.path === 'village/market' || event.path === 'village/folk')
          screen.line(`${event.path} is up`);
        break;
      case 'pool.worker-ready':
        screen.line(`${event.path} (pid ${event.pid}) is ready, after ${event.ms} ms`);
        if (killed !== undefined) replacedBy();
        break;
      case 'pool.worker-gone':
        if (!isStopping) screen.line(event.why.split('\n')[0]);
        break;
      case 'supervisor.restarting':
        screen.line(`${event.path} has ended, and is started again`);
        break;
      case 'worker.exited':
        if (isStopping) stopped.push(event.path.split('/').slice(-2).join('/'));
        break;
      case 'host.stopping':
        isStopping = true;
        screen.close();
        screen.line(`\nstopping in order (${event.why})`);
        break;
      case 'host.stopped':
        screen.line(`stopped: ${stopped.join(', ')}`);
        screen.line(event.nothingLeft ? 'nothing is left' : 'something is left: see `reeve sweep`');
        if (!event.nothingLeft) process.exitCode = 1;
        break;
    }
  });

  return {
    isStopping: () => isStopping,
    visits: () => visits,
    /** Resolves when another worker has taken the place of the one that was lost. */
    replaced,
    expectLossOf(path) {
      killed = path;
    },
  };
}
