// Whatever the network does, an application sees exactly what was published, in order, or is told what it missed.
//
// Each seed is a world of its own: one to three channels, any transports, and for some virtual minutes connections that break,
// freeze, are held back and repeat frames, a server that restarts or is away, removed channels, sleeps, slow applications. Run one
// seed again with SEED=…, or more of them with SEEDS=….
import { test } from 'node:test';
import { connect } from '../src/comet.js';
import { random } from './fake/clock.js';
import { atTheEnd, exactly, inManyWorlds } from './fake/exactly.js';
import { world } from './fake/world.js';

const TRANSPORTS = [['sse'], ['stream'], ['poll'], ['sse', 'stream', 'poll'], ['stream', 'poll'], ['sse', 'poll']];

const run = async seed => {
  const w = world(seed);
  const { server, network, clock } = w;
  const roll = random(seed * 7919);
  const below = n => Math.floor(roll() * n);
  const chance = p => roll() < p;
  let comet;
  try {
    const channels = ['a', 'b', 'c'].slice(0, 1 + below(3));
    server.history = [3, 10, 1000][below(3)];
    server.piece = [2, Infinity][below(2)];
    network.delay = () => 1 + below(chance(0.05) ? 3_000 : 50);
    comet = connect('/comet', { transports: TRANSPORTS[below(TRANSPORTS.length)], buffer: [3, 1000][below(2)] });
    const subscription = comet.subscribe(channels);

    const trace = [];
    let isSlow = false;
    subscription.on('gap', gap => trace.push(gap));
    const reading = (async () => {
      for await (const m of subscription) {
        trace.push(m);
        if (isSlow) await new Promise(done => setTimeout(done, 3_000));
      }
    })();
    const isOpen = new Promise(done => subscription.on('state', s => s.state == 'open' && done()));
    await w.pass(10_000);
    await isOpen;
    const places = new Map(channels.map(name => [name, { epoch: server.channel(name).epoch, next: 1 }]));

    let count = 0;
    const publish = name => server.publish(name, ++count, chance(0.2) ? { type: 'greeting' } : {});
    const pipe = () => [...network.pipes][below(network.pipes.size)];
    const mishaps = [
      () => pipe()?.cut(),
      () => network.cutAll(),
      () => {
        const one = pipe();
        if (one) one.isFrozen = true;
      },
      () => server.restart(),
      () => server.end(['max-age', 'shutdown', 'closed'][below(3)]),
      () => {
        server.end('closed');
        server.channels.delete(channels[below(channels.length)]);
      },
      () => {
        network.isUp = !network.isUp;
        if (!network.isUp) network.cutAll();
      },
      () => {
        network.buffers = ['', '', 'all', 'body'][below(4)];
      },
      () => {
        const p = [0, 0.2][below(2)];
        network.repeats = () => roll() < p;
      },
      () => {
        isSlow = !isSlow;
      },
      () => {
        clock.now += 600_000;
        w.fire('visibilitychange');
      },
      () => w.fire('online'),
      () => w.fire('pageshow', { persisted: true }),
      () => {
        let left = 1 + below(4);
        server.guard = () => (left-- > 0 ? { status: 503 } : undefined);
      },
    ];
    for (let i = 0; i < 60; i++) {
      for (let n = below(6); n > 0; n--) publish(channels[below(channels.length)]);
      await w.pass(below(chance(0.2) ? 40_000 : 2_000));
      if (chance(0.3)) mishaps[below(mishaps.length)]();
      if (chance(0.3)) publish(channels[below(channels.length)]);
    }

    // Calm again. Answers that are still held back come when they are complete.
    network.isUp = true;
    network.buffers = '';
    network.repeats = () => false;
    isSlow = false;
    server.guard = () => {};
    await w.pass(300_000);
    for (const name of channels) publish(name);
    await w.pass(300_000);

    const published = new Map(server.published.map(m => [m.data, m]));
    exactly(trace, places, published);
    atTheEnd(places, server);
    comet.close();
    await w.pass(0);
    await reading;
    return trace.length;
  } finally {
    comet?.close();
    w.end();
  }
};

test('exactly what was published, or a gap', () => inManyWorlds(60, run));
