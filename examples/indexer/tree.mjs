// The tree of a host as lines of text: its supervisors and its pools, each with their workers.

/** Where the second column begins. */
const COLUMN = 28;

export function treeOf(host) {
  const pools = new Map(host.pools.map((pool) => [pool.name, pool]));
  const branches = host.supervisors.map(({ path }) => {
    const pool = pools.get(path); // a pool's workers have a supervisor, too
    return pool === undefined ? supervisorBranch(host, path) : poolBranch(pool);
  });
  return [`host ${host.name}, run ${host.runId}`, ...drawn(branches, '')];
}

const poolBranch = (pool) => ({
  name: pool.name,
  rest: `pool, ${pool.phase}`,
  below: pool.workers().map(({ path, pid, state, calls }) => ({
    name: lastPart(path),
    rest: worker(state, pid, `${calls} calls answered`),
    below: [],
  })),
});

function supervisorBranch(host, path) {
  const children = host.supervisor(path).whichChildren().toReversed(); // they are told newest first
  const below = children.map(({ id, path, type, state, pid, starts }) => {
    if (type === 'supervisor' && state === 'running') return supervisorBranch(host, path);
    return { name: id, rest: worker(state, pid, starts > 1 ? `started ${starts} times` : ''), below: [] };
  });
  return { name: lastPart(path), rest: 'supervisor', below };
}

const worker = (state, pid, rest) =>
  `${state.padEnd(10)} ${String(pid ?? '').padStart(7)}  ${rest}`.trimEnd();

const lastPart = (path) => path.slice(path.lastIndexOf('/') + 1);

const drawn = (branches, indent) =>
  branches.flatMap(({ name, rest, below }, index) => {
    const isLast = index === branches.length - 1;
    return [
      `${`${indent}${isLast ? '└─' : '├─'} ${name}`.padEnd(COLUMN)}${rest}`,
      ...drawn(below, `${indent}${isLast ? '   ' : '│  '}`),
    ];
  });
