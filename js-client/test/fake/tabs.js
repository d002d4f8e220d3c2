// Tabs of one browser. Each runs the sources in surroundings of its own, so that it can crash: at once, without a last word.
import { readFileSync } from 'node:fs';

const source = name =>
  readFileSync(new URL(`../../src/${name}.js`, import.meta.url), 'utf8')
    .replace(/^export /gm, '')
    .replace("import('./comet-share.js')", 'load()');
const NAMES = ['globalThis', 'fetch', 'EventSource', 'BroadcastChannel', 'navigator', 'location'];
const TIMERS = ['setTimeout', 'clearTimeout'];
const CONNECT = new Function(...NAMES, ...TIMERS, 'load', source('comet') + 'return connect;');
const SHARE = new Function(...NAMES, ...TIMERS, source('comet-share') + 'return { share };');

export class Browser {
  /** How long a message between tabs takes, and a lock to change hands. */
  delay = () => 1;
  #locks = new Map(); // name → requests; the first one is granted
  #buses = new Set();

  constructor(clock, network) {
    Object.assign(this, { clock, network });
  }

  open(url, options, missing) {
    return new Tab(this, url, options, missing);
  }

  /** A BroadcastChannel of a tab. */
  bus(tab, name) {
    const bus = {
      name,
      tab,
      last: 0,
      close: () => this.#buses.delete(bus),
      postMessage: data => {
        if (tab.isAlive && !this.#buses.has(bus)) throw new DOMException('closed', 'InvalidStateError');
        if (!tab.isAlive) return;
        for (const other of this.#buses) if (other != bus && other.name == name) this.#deliver(other, structuredClone(data));
      },
    };
    if (tab.isAlive) this.#buses.add(bus); // a promise may still hold in a tab that has crashed
    return bus;
  }

  #deliver(bus, data) {
    bus.last = Math.max(bus.last, this.clock.now + this.delay());
    this.clock.after(bus.last - this.clock.now, () =>
      bus.tab.run(() => this.#buses.has(bus) && bus.onmessage({ data })),
    );
  }

  request(tab, name, { signal }, callback) {
    return new Promise((resolve, reject) => {
      if (!tab.isAlive) return;
      const request = { tab, callback, resolve, reject };
      this.#locks.set(name, [...(this.#locks.get(name) ?? []), request]);
      signal?.addEventListener('abort', () => {
        if (request.isGranted) return;
        this.#leave(name, request);
        reject(new DOMException('aborted', 'AbortError'));
      });
      this.#grant(name);
    });
  }

  #grant(name) {
    const [first] = this.#locks.get(name);
    if (!first || first.isGranted) return;
    first.isGranted = true;
    this.clock.after(this.delay(), () => {
      first.tab.run(async () => {
        if (!this.#locks.get(name).includes(first)) return;
        await first.callback();
        this.#leave(name, first);
        first.resolve();
      });
    });
  }

  #leave(name, request) {
    const before = this.#locks.get(name);
    if (!before.includes(request)) return;
    this.#locks.set(name, before.filter(r => r != request));
    this.#grant(name);
  }

  /** A tab no longer runs: its locks are others'. */
  dropLocks(tab) {
    for (const [name, requests] of this.#locks) {
      for (const request of requests.filter(r => r.tab == tab)) {
        this.#leave(name, request);
        tab.run(() => request.reject(new DOMException('lost', 'AbortError')));
      }
    }
  }

  dropBuses(tab) {
    for (const bus of this.#buses) if (bus.tab == tab) bus.close();
  }

  /** Who has the lock that makes a leader. */
  get leader() {
    for (const [name, [first]] of this.#locks) if (name.startsWith('comet ') && first) return first.tab;
  }

  get isQuiet() {
    return !this.#buses.size && [...this.#locks.values()].every(requests => !requests.length);
  }
}

class Tab {
  #page = new EventTarget();
  #late = []; // what happens to a frozen tab happens when it thaws
  #state = 'runs';

  constructor(browser, url, options, missing = []) {
    this.browser = browser;
    const { clock, network } = browser;
    const { fetch, EventSource } = network.of(this);
    const tab = this;
    const all = {
      fetch,
      EventSource,
      BroadcastChannel: class {
        constructor(name) {
          return browser.bus(tab, name);
        }
      },
      navigator: {
        locks: { request: (name, ...more) => browser.request(tab, name, more.length > 1 ? more[0] : {}, more.at(-1)) },
      },
      location: 'http://comet.test/page',
      setTimeout: (action, delay) => clock.after(delay, () => this.run(action)),
      clearTimeout: id => clock.cancel(id),
    };
    for (const name of missing) delete all[name];
    all.globalThis = { ...all, addEventListener: this.#page.addEventListener.bind(this.#page) };
    const given = [...NAMES, ...TIMERS].map(name => all[name]);
    const load = async () => {
      if (missing.includes('comet-share.js')) throw new TypeError('404');
      return SHARE(...given);
    };
    this.connect = CONNECT(...given, load);
    this.comet = this.connect(url, { shareTabs: true, ...options });
  }

  run(action) {
    if (this.#state == 'runs') action();
    if (this.#state == 'frozen') this.#late.push(action);
  }

  fire(type, more) {
    this.run(() => this.#page.dispatchEvent(Object.assign(new Event(type), more)));
  }

  get isAlive() {
    return this.#state != 'dead';
  }

  get isFrozen() {
    return this.#state == 'frozen';
  }

  crash() {
    this.#state = 'dead';
    this.browser.dropLocks(this);
    this.browser.dropBuses(this);
    for (const pipe of [...this.browser.network.pipes]) if (pipe.tab == this) pipe.leave();
  }

  freeze() {
    this.#state = 'frozen';
    this.browser.dropLocks(this);
  }

  thaw() {
    this.#state = 'runs';
    for (const action of this.#late.splice(0)) this.run(action);
  }
}
