// A small application's own tree: a database, and an API that needs it. `reeve up` takes it too, where both exist.
export const tree = {
  id: 'shop',
  intensity: 5,
  children: [
    { id: 'db', command: 'postgres', args: ['-D', 'data'], ready: { log: 'ready to accept connections' } },
    { id: 'api', command: 'node', args: ['api.js'], shutdown: 1_000 },
  ],
};
