// Opens any of the pools with two workers: each gives `call(task, params)` and `close()`.
import { fileURLToPath } from 'node:url';

const TASKS = new URL('../subjects/dispatch-tasks.mjs', import.meta.url);
const WORKERS = 2;

const openers = {
  async piscina(options) {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({ filename: TASKS.href, minThreads: WORKERS, maxThreads: WORKERS, ...options });
    return { call: (task, params) => pool.run(params, { name: task }), close: () => pool.destroy() };
  },

  async tinypool(options) {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool({
      runtime: 'child_process',
      filename: TASKS.href,
      minThreads: WORKERS,
      maxThreads: WORKERS,
      ...options,
    });
    return { call: (task, params) => pool.run(params, { name: task }), close: () => pool.destroy() };
  },

  async workerpool(options) {
    const { default: workerpool } = await import('workerpool');
    const pool = workerpool.pool(fileURLToPath(new URL('./workerpool-worker.mjs', import.meta.url)), {
      workerType: 'process',
      minWorkers: WORKERS,
      maxWorkers: WORKERS,
      ...options,
    });
    return { call: (task, params) => pool.exec(task, [params]), close: () => pool.terminate() };
  },

  async 'jest-worker'(options) {
    const { Worker } = await import('jest-worker');
    const pool = new Worker(fileURLToPath(TASKS), {
      numWorkers: WORKERS,
      enableWorkerThreads: false,
      exposedMethods: ['first', 'echo', 'burn'],
      ...options,
    });
    return { call: (task, params) => pool[task](params), close: () => pool.end() };
  },

  async reeve(options, stateDirectory) {
    const { startHost } = await import('../../dist/index.js');
    const host = await startHost({ name: 'bench-dispatch', stateDirectory, signals: false });
    const pool = await host.pool({
      name: 'dispatch',
      worker: { module: TASKS },
      min: WORKERS,
      max: WORKERS,
      maxQueue: 10_000,
      ...options,
    });
    return { call: (task, params) => pool.call(task, params), close: () => host.stop() };
  },
};

/** @param options the pool's own, beside how many workers it has */
export const open = (name, options, stateDirectory) => openers[name](options, stateDirectory);
