// What goes wrong in the soak: workers are killed and stopped, and now and then the forker is killed.

/** Milliseconds between two faults of workers, at most. */
const FAULT_WITHIN = 2_000;
/** Of the faults, how many stop a worker, so that it is silent and lives. */
const STOPS = 0.15;
const FORKER_EVERY = 20_000;

export class Faults {
  kills = 0;
  stops = 0;
  forkerKills = 0;
  #pools;
  #chance;
  #forker;

  /** @param host a new one: its first forker is among what it remembers */
  constructor(host, pools, chance) {
    this.#pools = pools;
    this.#chance = chance;
    const hear = ({ type, pid }) => {
      if (type === 'forker.started') this.#forker = pid;
      else if (type === 'forker.lost' && pid === this.#forker) this.#forker = undefined;
    };
    host.events.recent().forEach(hear);
    host.events.on(hear);
  }

  /** @param duration milliseconds: however short, a worker and the forker are killed once @returns how to end it */
  start(duration) {
    let timer;
    const again = () => {
      timer = setTimeout(() => {
        this.#hurtWorker();
        again();
      }, this.#chance() * FAULT_WITHIN);
    };
    again();
    const firstKill = setInterval(() => {
      const [worker] = this.#pools.flatMap((pool) => pool.workers());
      if (this.kills === 0 && kill(worker?.pid, 'SIGKILL')) this.kills += 1;
      if (this.kills > 0) clearInterval(firstKill);
    }, duration / 4);
    const forkerTimer = setInterval(() => this.#killForker(), Math.min(FORKER_EVERY, duration / 2));
    return () => {
      clearTimeout(timer);
      clearInterval(firstKill);
      clearInterval(forkerTimer);
    };
  }

  #hurtWorker() {
    const workers = this.#pools.flatMap((pool) => pool.workers());
    const worker = workers[Math.floor(this.#chance() * workers.length)];
    const isStop = this.#chance() < STOPS && worker?.state === 'ready';
    if (!kill(worker?.pid, isStop ? 'SIGSTOP' : 'SIGKILL')) return;
    if (isStop) this.stops += 1;
    else this.kills += 1;
  }

  #killForker() {
    if (kill(this.#forker, 'SIGKILL')) this.forkerKills += 1;
  }
}

function kill(pid, signal) {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has ended a moment ago
  }
}
