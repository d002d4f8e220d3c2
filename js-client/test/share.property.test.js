// Whatever tabs, network and server do, each tab sees exactly what was published from its start on, or is told what it missed.
//
// Each seed is a browser of its own: tabs open, with channels and places of their own, close, crash, freeze and thaw, the leader most
// of all; messages between them are slow; and all that property.test.js does to the network and the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from './fake/clock.js';
import { atTheEnd, exactly, inManyWorlds } from './fake/exactly.js';
import { world } from './fake/world.js';

const TRANSPORTS = [['sse'], ['stream'], ['poll'], ['sse', 'stream', 'poll']];

const run = async seed => {
  const w = world(seed);
  const { server, network, browser, clock } = w;
  const roll = random(seed * 104_729);
  const below = n => Math.floor(roll() * n);
  const chance = p => roll() < p;
  const pick = list => list[below(list.length)];
  const tabs = new Set();
  let seen = 0;
  try {
    const names = ['a', 'b', 'c'].slice(0, 1 + below(3));
    const options = { transports: pick(TRANSPORTS), buffer: pick([3, 1000]) };
    server.history = pick([3, 10, 1000]);
    server.piece = pick([2, Infinity]);
    network.delay = () => 1 + below(chance(0.05) ? 3_000 : 50);
    browser.delay = () => 1 + below(chance(0.05) ? 1_000 : 10);
    const where = name => ({ epoch: server.channel(name).epoch, next: server.channel(name).next });

    const open = () => {
      const tab = browser.open('/comet', options);
      const channels = names.filter(() => chance(0.6));
      if (!channels[0]) channels.push(pick(names));
      // A page that is loaded again goes on where another one was. Of several channels, a cursor may be behind.
      const known = [...tabs].flatMap(({ trace }) => trace).filter(({ seq, channel }) => seq && channel == channels[0]);
      const known1 = channels.length == 1 && chance(0.3) ? known.at(-1) : undefined;
      const back = pick([0, 0, 2, 1000]);
      const from = known1?.cursor ?? (back == 1000 ? 'oldest' : back || 'latest');
      const places = new Map();
      for (const name of channels) {
        const { epoch, next } = where(name);
        places.set(name, { epoch, least: Math.max(1, next - back), most: Infinity });
      }
      if (known1) places.set(channels[0], { epoch: server.published.find(m => m.data == known1.data).epoch, next: known1.seq + 1 });
      tab.subscription = tab.comet.subscribe(channels, { from });
      Object.assign(tab, { places, trace: [] });
      tab.subscription.on('gap', gap => tab.trace.push(gap));
      const isOpen = tab.subscription.on('state', ({ state }) => {
        if (state != 'open' && state != 'paused') return; // its buffer may be full before it is open
        isOpen();
        for (const [name, place] of places) {
          const { epoch, next } = where(name);
          if (place.epoch != epoch && !place.next) Object.assign(place, { epoch: undefined, least: 1 });
          else place.most = next;
        }
      });
      (async () => {
        for await (const m of tab.subscription) {
          tab.trace.push(m);
          if (tab.isSlow) await new Promise(done => clock.after(3_000, done));
        }
      })();
      tabs.add(tab);
    };

    const check = tab => {
      exactly(tab.trace, tab.places, new Map(server.published.map(m => [m.data, m])));
      seen += tab.trace.length;
      tabs.delete(tab);
    };
    const any = () => (chance(0.5) && tabs.has(browser.leader) ? browser.leader : pick([...tabs]));
    const pipe = () => pick([...network.pipes]);
    const mishaps = [
      open,
      open,
      open,
      () => {
        const tab = any();
        if (tab.isFrozen) tab.thaw(); // a frozen page closes nothing
        tab.comet.close();
        check(tab);
      },
      () => {
        const tab = any();
        tab.crash();
        check(tab);
      },
      () => any().freeze(),
      () => [...tabs].forEach(tab => tab.isFrozen && tab.thaw()),
      () => [...tabs].forEach(tab => tab.isFrozen && tab.thaw()),
      () => any().fire('online'),
      () => {
        const tab = any();
        tab.isSlow = !tab.isSlow;
      },
      () => pipe()?.cut(),
      () => network.cutAll(),
      () => {
        const one = pipe();
        if (one) one.isFrozen = true;
      },
      () => server.restart(),
      () => server.end(pick(['max-age', 'shutdown', 'closed'])),
      () => {
        server.end('closed');
        server.channels.delete(pick(names));
      },
      () => {
        network.isUp = !network.isUp;
        if (!network.isUp) network.cutAll();
      },
      () => {
        let left = 1 + below(4);
        server.guard = () => (left-- > 0 ? { status: 503 } : undefined);
      },
    ];
    const publish = name => server.publish(name, server.published.length + 1, chance(0.2) ? { type: 'greeting' } : {});
    open();
    open();
    for (let i = 0; i < 60; i++) {
      for (let n = below(6); n > 0; n--) publish(pick(names));
      await w.pass(below(chance(0.2) ? 40_000 : 2_000));
      if (chance(0.4)) pick(mishaps)();
      if (!tabs.size) open();
      if (chance(0.3)) publish(pick(names));
    }

    // Calm again.
    network.isUp = true;
    server.guard = () => {};
    for (const tab of tabs) {
      if (tab.isFrozen) tab.thaw();
      tab.isSlow = false;
    }
    await w.pass(300_000);
    for (const tab of tabs) tab.fire('online'); // who had to do without tries again
    await w.pass(100_000);
    for (const name of names) publish(name);
    await w.pass(100_000);
    assert.equal([...server.connections].filter(({ query }) => query.get('wait') != '0').length, 1, 'one connection for all');
    for (const tab of tabs) {
      check(tab);
      atTheEnd(tab.places, server);
      tab.comet.close();
    }
    await w.pass(10_000);
    assert.ok(browser.isQuiet, 'a lock or a BroadcastChannel is left');
    return seen;
  } finally {
    for (const tab of tabs) tab.crash();
    w.end();
  }
};

test('in every tab exactly what was published, or a gap', () => inManyWorlds(40, run));
