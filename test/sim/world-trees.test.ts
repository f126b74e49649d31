/** The tree of a world belongs to its application: what is done to it by calls, and by nobody else. */
import { describe, expect, test } from 'vitest';
import { Host } from '../../src/host/host.ts';
import { type Application, campaign, type Deed, live, programs, type World } from '../../src/sim/index.ts';
import { PEACE, PROGRAMS } from './applications.ts';

const obeys = { command: 'worker' };
const childOf = (id: string) => ({ id, args: [] as string[], ready: { log: /ready/ }, command: 'says' });
const treeOf = () => ({ id: 'shop', children: ['db', 'api', 'web'].map(childOf) });
const shopOf = (application: Application, tree = treeOf()): World => {
  return { tree, application, programs: { ...PROGRAMS, says: programs.readyAfter(5) } };
};

/** A generation in which this is done so often, on a tree of the world or of the cast. */
function planOf(deed: Deed, times: number) {
  const [generation] = PEACE.generations;
  const steps = Array.from({ length: times }, () => ({ after: 50, deed }));
  const child = {
    command: 'obeys',
    restart: 'permanent',
    significant: false,
    backoff: false,
    shutdown: 'default',
    ready: 'spawn',
  } as const;
  return { ...PEACE, generations: [{ ...generation!, children: [child, child, child], steps }] };
}

describe('the tree of a world is left to its application', () => {
  test('nobody else reconfigures it, or ends its children', async () => {
    const tree = treeOf();
    const changed: string[] = [];
    const application: Application = async (host, { pause }) => {
      while (host.supervisors.length === 0) await pause(1);
      const now = () => host.supervisor('shop').whichChildren();
      while (host.supervisors.length > 0) {
        if (now().length !== tree.children.length)
          changed.push(
            now()
              .map(({ id }) => id)
              .join(),
          );
        await pause(20);
      }
    };
    const world = shopOf(application, tree);
    for (const deed of ['reconfigure', 'delete-child', 'terminate-child'] as const) {
      expect((await live(planOf(deed, 20), world)).violations).toEqual([]);
    }
    expect(changed).toEqual([]);
    const { coverage } = await live(planOf('reconfigure', 20)); // that of the cast is reconfigured
    expect(coverage.counts()['a supervisor was reconfigured by a call']).toBeGreaterThan(10);
  });

  type Tree = ReturnType<typeof treeOf>;
  const calls: Readonly<Record<string, (host: Host, tree: Tree) => unknown>> = {
    'ends a child': (host) => host.supervisor('shop').terminateChild('api'),
    'ends and deletes a child': async (host) => {
      await host.supervisor('shop').terminateChild('api');
      await host.supervisor('shop').deleteChild('api');
    },
    'reconfigures it': (host, { children: [db, , web] }) =>
      host.supervisor('shop').reconfigure({ children: [web!, { ...db!, args: ['x'] }] }, { apply: true }),
    'changes what it has handed over': (host, { children }) => {
      children[0]!.args = ['x'];
      return host.supervisor('shop').reconfigure({ children }, { apply: true });
    },
    'starts a child more': (host) => host.supervisors[0]?.startChild({ id: 'more', ...obeys }),
    'stops it': (host) => host.supervisor('shop').stop(),
    'stops it and starts it in another order': async (host, { children, ...rest }) => {
      await host.supervisor('shop').stop();
      const shop = await host.supervise({ ...rest, children: children.toReversed() });
      await shop.terminateChild('api');
    },
    'starts it in another order as a listener, amid a turn of its host': async (
      host,
      { children, ...rest },
    ) => {
      await host.supervisor('shop').stop();
      const begun = new Promise<unknown>((resolve) => {
        const leave = host.events.on((event) => {
          if (event.type !== 'worker.state' || event.path !== 'other/one') return;
          leave();
          resolve(host.supervise({ ...rest, children: children.toReversed() }));
          host.supervise({ ...rest, children }).catch(() => {}); // which is there already
        });
      });
      await Promise.all([host.supervise({ id: 'other', children: [{ id: 'one', ...obeys }] }), begun]);
    },
    'changes an environment that is no plain object': async (host, { children: [db, ...others] }) => {
      const env = Object.create({}, { LEVEL: { value: '1', writable: true, enumerable: true } });
      const children = [{ ...db!, env }, ...others];
      await host.supervisor('shop').reconfigure({ children }, { apply: true });
      env.LEVEL = '2';
      await host.supervisor('shop').reconfigure({ children }, { apply: true });
    },
    'hands over what throws as it is read': async (host) => {
      const options = {
        get children(): [] {
          throw new Error('unreadable');
        },
      };
      await host
        .supervisor('shop')
        .reconfigure(options)
        .catch(() => {}); // but throws nothing
    },
    'stops it once more when it has begun anew': async (host, tree) => {
      const shop = host.supervisor('shop');
      await shop.stop();
      await host.supervise(tree);
      await shop.stop();
    },
    'adds to the list that it has handed over': (host, { children }) => {
      if (!children.some(({ id }) => id === 'more')) children.push(childOf('more')); // a host before may have done so
      return host.supervisor('shop').reconfigure({ children });
    },
    'adds to the list that it has handed over, and says nothing': (_, { children }) => {
      if (!children.some(({ id }) => id === 'more')) children.push(childOf('more'));
    },
    'changes a pattern that it has handed over': (host, { children }) => {
      children[0]!.ready.log = /read/;
      return host.supervisor('shop').reconfigure({ children }, { apply: true });
    },
  };
  test.each(Object.entries(calls))(
    'an application that %s is not blamed for it',
    async (_, call) => {
      const world = (): World => {
        const tree = treeOf();
        const application: Application = async (host, { pause }) => {
          while (host.supervisors.length === 0) await pause(10);
          await pause(200);
          await call(host, tree);
        };
        return shopOf(application, tree);
      };
      const { violations } = await campaign({ seeds: 20, world });
      expect(violations.map(({ plan: _, ...what }) => what)).toEqual([]);
    },
    30_000,
  );
});

test('what was called for in a tree that has ended excuses nothing in the next', async () => {
  const tree = treeOf();
  const application: Application = async (host, { pause }) => {
    while (host.supervisors.length === 0) await pause(10);
    await host.supervisor('shop').terminateChild('api');
    await host.supervisor('shop').stop();
    await host.supervise(tree);
    await Host.prototype.supervisor.call(host, 'shop').terminateChild('api'); // which nobody overhears
  };
  const { violations } = await live(PEACE, shopOf(application, tree));
  expect(violations[0]).toMatchObject({
    invariant: 'quiet-means-healthy',
    detail: 'not well after a minute',
  });
});
