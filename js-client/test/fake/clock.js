// Virtual time: timers fire in order, as fast as they can, and between two of them everything that promises hold has happened.
const real = { setTimeout, clearTimeout, setImmediate, now: Date.now, random: Math.random };

/** The same numbers from the same seed (mulberry32). */
export const random = seed => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const settle = async () => {
  for (let i = 0; i < 4; i++) await new Promise(done => real.setImmediate(done));
};

export class Clock {
  now = 1_800_000_000_000;
  #timers = new Map();
  #count = 0;

  /** Takes the place of the global timers, Date.now and Math.random until `restore`. */
  install(seed = 1) {
    globalThis.setTimeout = (callback, delay = 0, ...args) => this.after(delay, () => callback(...args));
    globalThis.clearTimeout = id => this.cancel(id);
    Date.now = () => this.now;
    Math.random = random(seed);
    return this;
  }

  restore() {
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    Date.now = real.now;
    Math.random = real.random;
  }

  after(delay, callback) {
    this.#timers.set(++this.#count, { at: this.now + Math.max(0, delay || 0), callback });
    return this.#count;
  }

  cancel(id) {
    this.#timers.delete(id);
  }

  get pending() {
    return this.#timers.size;
  }

  /** Lets time pass. */
  async pass(milliseconds) {
    const until = this.now + milliseconds;
    await settle();
    for (;;) {
      let first;
      for (const [id, timer] of this.#timers) {
        if (timer.at <= until && (!first || timer.at < first.timer.at)) first = { id, timer };
      }
      if (!first) break;
      this.#timers.delete(first.id);
      this.now = Math.max(this.now, first.timer.at);
      first.timer.callback();
      await settle();
    }
    this.now = until;
  }
}
