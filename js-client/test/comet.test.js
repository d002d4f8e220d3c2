import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { connect } from '../src/comet.js';
import { collect, world } from './fake/world.js';

let w;
let comet;
beforeEach(() => {
  w = world(1);
});
afterEach(() => {
  comet?.close();
  w.end();
});

const states = subscription => {
  const all = [];
  subscription.on('state', s => all.push(s.state));
  return all;
};
const asked = () => w.server.requests.map(r => r.query.get('as') + (r.query.get('wait') == '0' ? '0' : ''));

for (const transport of ['sse', 'stream', 'poll']) {
  describe(transport, () => {
    const start = (options, channels = 'news', more = {}) => {
      comet = connect('/comet/', { transports: [transport], ...options });
      return comet.subscribe(channels, more);
    };

    test('messages come in order, with all that the wire has', async () => {
      const got = collect(start());
      await w.pass(100);
      w.server.publish('news', 'one', { attributes: { sender: 'ann' } });
      w.server.publish('news', { two: [2] });
      await w.pass(100);
      assert.deepEqual(got.data(), ['one', { two: [2] }]);
      assert.deepEqual(got[0].attributes, { sender: 'ann' });
      assert.equal(got[1].seq, 2);
      assert.equal(got[1].cursor, '00000001.3');
    });

    test('a broken connection loses nothing and doubles nothing', async () => {
      const got = collect(start());
      await w.pass(100);
      for (let i = 0; i < 20; i++) {
        w.server.publish('news', i);
        if (i % 7 == 3) w.network.cutAll();
        if (i % 7 == 5) await w.pass(5_000);
      }
      await w.pass(10_000);
      assert.deepEqual(got.filter(i => i.type != 'gap').length + got.gaps().reduce((n, g) => n + g.to - g.from + 1, 0), 20);
      assert.deepEqual(got.data().at(-1), 19);
    });

    test('what is published before the first message was seen is not lost with the connection', async () => {
      const got = collect(start());
      await w.pass(100);
      w.network.isUp = false;
      w.network.cutAll();
      w.server.publish('news', 'meanwhile');
      await w.pass(3_000);
      w.network.isUp = true;
      await w.pass(40_000);
      assert.deepEqual(got.data(), ['meanwhile']);
      assert.deepEqual(got.gaps(), []);
    });

    test('a history that no longer holds it is told as a gap, in its place', async () => {
      const got = collect(start());
      await w.pass(100);
      w.server.publish('news', 0);
      await w.pass(100);
      w.network.isUp = false;
      w.network.cutAll();
      for (let i = 1; i <= 30; i++) w.server.publish('news', i);
      await w.pass(100);
      w.network.isUp = true;
      await w.pass(60_000);
      assert.deepEqual(got.slice(0, 2).map(i => i.type), ['message', 'gap']);
      const { reason, from, to } = got[1];
      assert.deepEqual({ reason, from, to }, { reason: 'lapped', from: 2, to: 21 });
      assert.deepEqual(got.data(), [0, ...Array.from({ length: 10 }, (_, i) => i + 21)]);
    });

    test('a restarted server is told as a reset, and nothing published after it is lost', async () => {
      const got = collect(start());
      await w.pass(100);
      for (let i = 0; i < 5; i++) w.server.publish('news', 'old');
      await w.pass(100);
      w.server.restart();
      w.server.publish('news', 'new 1');
      await w.pass(10_000);
      w.server.publish('news', 'new 2');
      await w.pass(1_000);
      assert.deepEqual(got.data().slice(5), ['new 1', 'new 2']);
      assert.deepEqual(got.gaps().map(g => [g.reason, g.to]), [['reset', 0]]);
    });

    test('a connection that has gone silent is given up after twice the heartbeat', async () => {
      const got = collect(start());
      await w.pass(100);
      w.server.publish('news', 'heard');
      await w.pass(100);
      w.network.freezeAll();
      w.server.publish('news', 'into the void');
      await w.pass(20_000);
      assert.deepEqual(got.data(), ['heard']);
      await w.pass(40_000);
      assert.deepEqual(got.data(), ['heard', 'into the void']);
    });

    test('frames that come twice are taken once, on each of several channels', async () => {
      const subscription = start({}, ['news', 'chat']);
      const got = collect(subscription);
      await w.pass(100);
      if (transport != 'poll') w.network.repeats = () => true;
      for (let i = 0; i < 4; i++) w.server.publish(i % 2 ? 'news' : 'chat', i);
      await w.pass(1_000);
      assert.deepEqual(got.data().sort(), [0, 1, 2, 3]);
    });

    for (const status of [401, 403, 404, 410]) {
      test(`${status} ends it, and the iteration throws`, async () => {
        w.server.guard = () => ({ status, detail: 'because' });
        const subscription = start();
        const seen = states(subscription);
        const got = collect(subscription);
        await w.pass(60_000);
        const error = await got.done;
        assert.equal(error.status, status);
        assert.equal(error.message, 'because');
        assert.equal(seen.at(-1), 'closed');
        assert.equal(w.server.requests.length, 1);
        assert.equal(w.clock.pending, 0);
      });
    }

    test('access that is taken away later ends it too', async () => {
      const got = collect(start());
      await w.pass(100);
      w.server.guard = () => ({ status: 403 });
      w.network.cutAll();
      await w.pass(60_000);
      assert.equal((await got.done).status, 403);
    });

    test('503 makes it wait as long as it is told, and longer each time', async () => {
      w.server.guard = () => ({ status: 503, headers: { 'Retry-After': '7' } });
      const subscription = start();
      const delays = [];
      subscription.on('state', s => s.state == 'waiting' && delays.push(s.delay));
      await w.pass(100_000);
      assert.ok(delays.length >= 4, `${delays}`);
      assert.ok(delays.every(d => d >= 7_000), `${delays}`);
      w.server.guard = () => {};
      const got = collect(subscription);
      await w.pass(40_000);
      w.server.publish('news', 'back');
      await w.pass(100);
      assert.deepEqual(got.data(), ['back']);
    });

    test('a token that has run out is renewed, and nothing is lost', async () => {
      let valid = 'a';
      w.server.guard = ({ headers, query }) =>
        headers.authorization != 'Bearer ' + valid && query.get('access_token') != valid ? { status: 401 } : undefined;
      let kept = 'a';
      const got = collect(start({ token: async renew => (renew ? (kept = valid) : kept) }));
      await w.pass(100);
      w.server.publish('news', 1);
      await w.pass(100);
      valid = 'b';
      w.server.end('expired');
      w.server.publish('news', 2);
      await w.pass(10_000);
      assert.deepEqual(got.data(), [1, 2]);
      assert.deepEqual(got.gaps(), []);
    });

    test('a member that another has replaced does not come back', async () => {
      if (transport == 'poll') return;
      const got = collect(start());
      await w.pass(100);
      w.server.end('replaced');
      await w.pass(60_000);
      assert.equal((await got.done).message, 'replaced');
      assert.equal(w.server.connections.size, 0);
    });

    for (const reason of ['max-age', 'shutdown', 'closed', 'stalled']) {
      test(`it comes back after ${reason}`, async () => {
        const got = collect(start());
        await w.pass(100);
        w.server.end(reason);
        w.server.publish('news', 'after');
        await w.pass(5_000);
        assert.deepEqual(got.data(), ['after']);
      });
    }

    test('close ends the iteration, the connection and the timers', async () => {
      const subscription = start();
      const got = collect(subscription);
      await w.pass(100);
      subscription.close();
      await w.pass(20);
      assert.equal(await got.done, 'closed');
      assert.equal(w.server.connections.size, 0);
      assert.equal(w.clock.pending, 0);
    });

    test('what was not taken before close is not brought any more, and the cursor leads on to it', async () => {
      const subscription = start();
      await w.pass(100);
      for (let i = 0; i < 4; i++) w.server.publish('news', i);
      await w.pass(100);
      await subscription.next();
      subscription.close();
      assert.equal((await subscription.next()).done, true);
      const got = collect(comet.subscribe('news', { from: subscription.cursor }));
      await w.pass(100);
      assert.deepEqual(got.data(), [1, 2, 3]);
    });

    test('an AbortSignal closes it', async () => {
      const own = new AbortController();
      const got = collect(start({}, 'news', { signal: own.signal }));
      await w.pass(100);
      own.abort();
      assert.equal(await got.done, 'closed');
      assert.equal(w.server.connections.size, 0);
    });

    test('an application that takes nothing pauses the connection; when it takes again, all is there', async () => {
      w.server.history = 1000;
      const subscription = start({ buffer: 5 });
      await w.pass(100);
      for (let i = 0; i < 50; i++) {
        w.server.publish('news', i);
        await w.pass(10);
      }
      await w.pass(60_000);
      assert.equal(w.server.connections.size, 0);
      const got = collect(subscription);
      await w.pass(60_000);
      assert.deepEqual(got.data(), Array.from({ length: 50 }, (_, i) => i));
      assert.equal(w.server.connections.size, 1);
    });

    test('an application that keeps up with a small buffer does not wait between its parts', async () => {
      w.server.history = 1000;
      w.server.piece = 5;
      for (let i = 0; i < 100; i++) w.server.publish('news', i);
      const got = collect(start({ buffer: 5 }, 'news', { from: 'oldest' }));
      await w.pass(5_000);
      assert.deepEqual(got.data(), Array.from({ length: 100 }, (_, i) => i));
    });

    test('a page that is looked at again and again, and takes nothing, is brought no more', async () => {
      w.server.history = 1000;
      w.server.piece = 5;
      const subscription = start({ buffer: 5 }, 'news', { from: 'oldest' });
      for (let i = 0; i < 50; i++) w.server.publish('news', i);
      await w.pass(1_000);
      const before = w.server.requests.length;
      for (let i = 0; i < 10; i++) {
        w.fire('visibilitychange');
        w.fire('online');
        await w.pass(100);
      }
      assert.equal(w.server.requests.length, before);
      const got = collect(subscription);
      await w.pass(60_000);
      assert.deepEqual(got.data(), Array.from({ length: 50 }, (_, i) => i));
    });

    test('the cursor leads on in another page', async () => {
      const subscription = start();
      await w.pass(100);
      for (let i = 0; i < 4; i++) w.server.publish('news', i);
      await w.pass(100);
      await subscription.next();
      await subscription.next();
      const got = collect(comet.subscribe('news', { from: subscription.cursor }));
      await w.pass(100);
      assert.deepEqual(got.data(), [2, 3]);
    });

    test('from oldest, and from the last n', async () => {
      for (let i = 0; i < 8; i++) w.server.publish('news', i);
      const all = collect(start({}, 'news', { from: 'oldest' }));
      const some = collect(comet.subscribe('news', { from: 3 }));
      await w.pass(100);
      assert.deepEqual(all.data(), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.deepEqual(some.data(), [5, 6, 7]);
    });

    test('the page that comes back does not wait', async () => {
      const got = collect(start());
      await w.pass(100);
      w.network.isUp = false;
      w.network.cutAll();
      await w.pass(200_000);
      w.network.isUp = true;
      w.server.publish('news', 'now');
      w.fire('online');
      await w.pass(100);
      assert.deepEqual(got.data(), ['now']);
      w.network.freezeAll(); // the sleep of a laptop: no timer ran
      w.server.publish('news', 'slept');
      w.clock.now += 3_600_000;
      w.fire('visibilitychange');
      await w.pass(100);
      assert.deepEqual(got.data(), ['now', 'slept']);
      w.network.freezeAll();
      w.server.publish('news', 'frozen');
      w.fire('pageshow', { persisted: true });
      await w.pass(100);
      assert.deepEqual(got.data(), ['now', 'slept', 'frozen']);
    });

    test('a page that was just loaded, or looked at, is left as it is', async () => {
      start();
      await w.pass(100);
      const before = w.server.requests.length;
      w.fire('pageshow', { persisted: false });
      w.fire('visibilitychange');
      await w.pass(1_000);
      assert.equal(w.server.requests.length, before);
    });

    test('many channels are asked for in a form', async () => {
      const names = Array.from({ length: 60 }, (_, i) => `a-channel-with-a-name-that-is-rather-long-${i}-${'x'.repeat(60)}`);
      const got = collect(start({ transports: [transport, 'stream'] }, names));
      await w.pass(100);
      w.server.publish(names[59], 'hello');
      await w.pass(10_000);
      assert.deepEqual(got.data(), ['hello']);
      assert.equal(w.server.requests[0].method, 'POST');
    });
  });
}

describe('the fall-back', () => {
  for (const buffers of ['all', 'body']) {
    test(`a proxy that holds back ${buffers} leads to polls, and loses nothing`, async () => {
      w.network.buffers = buffers;
      comet = connect('/comet');
      const subscription = comet.subscribe('news');
      const got = collect(subscription);
      for (let i = 0; i < 60; i++) {
        await w.pass(2_000);
        w.server.publish('news', i);
      }
      await w.pass(30_000);
      assert.deepEqual(got.data(), Array.from({ length: 60 }, (_, i) => i));
      assert.deepEqual([...new Set(asked())], ['poll0', 'sse', 'ndjson', 'poll']);
      assert.equal(asked().at(-1), 'poll');
    });
  }

  test('a network that is away proves nothing against a transport', async () => {
    comet = connect('/comet');
    collect(comet.subscribe('news'));
    await w.pass(100);
    w.network.isUp = false;
    w.network.cutAll();
    await w.pass(100_000);
    w.network.isUp = true;
    await w.pass(40_000);
    assert.equal([...w.server.connections][0].as, 'sse');
  });

  test('without EventSource it goes on with the stream', async () => {
    delete globalThis.EventSource;
    comet = connect('/comet');
    const got = collect(comet.subscribe('news'));
    await w.pass(10_000);
    w.server.publish('news', 1);
    await w.pass(100);
    assert.deepEqual(got.data(), [1]);
    assert.deepEqual(asked(), ['poll0', 'poll0', 'poll0', 'ndjson']);
  });

  test('EventSource shows several channels, and all types, as they come', async () => {
    comet = connect('/comet', { transports: ['sse'] });
    const got = collect(comet.subscribe(['news', 'chat']));
    await w.pass(100);
    for (const [i, name] of ['news', 'chat', 'news'].entries()) w.server.publish(name, i, { type: `type${i}` });
    await w.pass(100);
    assert.deepEqual(got.data(), [0, 1, 2]);
    assert.deepEqual(got.map(m => m.type), ['type0', 'type1', 'type2']);
    assert.deepEqual(asked(), ['poll0', 'sse']);
  });

  test('a silent EventSource costs one poll in twice the heartbeat', async () => {
    comet = connect('/comet', { transports: ['sse'] });
    collect(comet.subscribe('news'));
    await w.pass(300_000);
    assert.deepEqual(asked().filter(a => a == 'sse').length, 1);
    assert.ok(asked().length <= 12, `${asked()}`);
  });
});

describe('what only bad luck brings', () => {
  const lines = (connection, change) => {
    const { reply } = connection;
    const send = reply.send;
    const held = [];
    reply.send = text => held.push(text);
    return () => {
      reply.send = send;
      send(change(held).join(''));
    };
  };

  test('after a hole nothing more of a chunk is taken, for its cursors lead past the hole', async () => {
    comet = connect('/comet', { transports: ['stream'] });
    const got = collect(comet.subscribe(['news', 'chat']));
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(100);
    const release = lines([...w.server.connections][0], held => held.slice(1));
    w.server.publish('news', 2);
    w.server.publish('news', 3);
    w.server.publish('chat', 4);
    release();
    await w.pass(5_000);
    assert.deepEqual(got.data().sort(), [1, 2, 3, 4]);
    assert.deepEqual(got.gaps(), []);
  });

  test('a reset that is repeated after messages does not double them', async () => {
    comet = connect('/comet', { transports: ['stream'] });
    const subscription = comet.subscribe('news', { from: '000000ff.7' });
    const got = collect(subscription);
    w.server.publish('news', 1);
    const handle = w.server.handle;
    w.server.handle = (request, reply) => {
      const release = lines({ reply }, ([open, gap, m]) => [open, gap, m, gap, m]);
      handle.call(w.server, request, reply);
      release();
    };
    await w.pass(100);
    assert.deepEqual(got.data(), [1]);
    assert.equal(got.gaps().length, 1);
  });

  test('an answer that is complete just when its attempt is over moves nothing', async t => {
    const { json } = Response.prototype;
    t.after(() => {
      Response.prototype.json = json;
    });
    Response.prototype.json = async function () {
      const value = await json.call(this);
      if (value.messages.length) {
        Response.prototype.json = json;
        w.fire('online');
      }
      return value;
    };
    comet = connect('/comet', { transports: ['poll'] });
    const got = collect(comet.subscribe('news'));
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(5_000);
    assert.deepEqual(got.data(), [1]);
  });

  test('a poll that EventSource has overtaken does not lead its cursor back', async () => {
    comet = connect('/comet', { transports: ['sse'] });
    const subscription = comet.subscribe(['news', 'chat']);
    const got = collect(subscription);
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(100);
    w.server.guard = () => {
      w.server.guard = () => {};
      w.clock.after(1, () => {
        w.network.delay = () => 1;
        w.server.publish('chat', 2);
      });
    };
    await w.pass(30_100);
    assert.deepEqual(got.data(), [1, 2]);
    assert.equal(subscription.cursor, got.at(-1).cursor);
    assert.deepEqual(asked().filter(a => a == 'sse').length, 1);
  });

  test('the cursor of what has not been taken is where it was', async () => {
    comet = connect('/comet', { transports: ['stream'] });
    const subscription = comet.subscribe('news');
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(100);
    assert.equal(subscription.cursor, '00000001.1');
  });
});

for (const transport of ['sse', 'stream']) {
  describe(`a token that runs out, ${transport}`, () => {
    const start = token => {
      comet = connect('/comet', { transports: [transport], token });
      return collect(comet.subscribe('news'));
    };
    const posted = () => w.server.requests.filter(({ path }) => path == '/comet/token');

    test('is renewed, and the stream goes on', async () => {
      const asked = [];
      const got = start(async renew => (asked.push(renew), renew ? 'new' : 'old'));
      await w.pass(100);
      const [stream] = w.server.connections;
      w.server.expire();
      w.server.publish('news', 1);
      await w.pass(1_000);
      assert.deepEqual(posted().map(({ method, body, headers }) => [method, body, headers.authorization]), [
        ['POST', `connection=${stream.id}`, 'Bearer new'],
      ]);
      assert.deepEqual(asked.filter(Boolean), [true]);
      w.server.publish('news', 2);
      await w.pass(100);
      assert.deepEqual([...w.server.connections], [stream]);
      assert.deepEqual(got.data(), [1, 2]);
    });

    for (const status of [401, 404, 503, 'no network']) {
      test(`that cannot be renewed (${status}) means to come back with the cursor, without loss`, async () => {
        const got = start(async renew => (renew ? 'new' : 'old'));
        await w.pass(100);
        const [stream] = w.server.connections;
        w.server.publish('news', 1);
        w.server.expire();
        w.server.guard = ({ path }) => {
          if (path != '/comet/token') return;
          if (status != 'no network') return { status };
          w.network.cutAll();
        };
        await w.pass(40);
        w.server.publish('news', 2);
        await w.pass(10_000);
        w.server.publish('news', 3);
        await w.pass(100);
        assert.equal(posted().length, 1);
        assert.equal(w.server.connections.size, 1);
        assert.ok(!w.server.connections.has(stream));
        assert.deepEqual([got.data(), got.gaps()], [[1, 2, 3], []]);
      });
    }

    test('that is a string is left to run out', async () => {
      const got = start('secret');
      await w.pass(100);
      const [stream] = w.server.connections;
      w.server.expire();
      await w.pass(1_000);
      assert.deepEqual([...w.server.connections], [stream]);
      assert.deepEqual(posted(), []);
      w.server.guard = () => ({ status: 401 });
      w.server.end('expired');
      await w.pass(10_000);
      assert.equal((await got.done).status, 401);
    });
  });
}

describe('the rest', () => {
  test('the pause before an attempt grows, at random, from what the server says', async () => {
    w.server.retry = 500;
    comet = connect('/comet', { transports: ['stream'] });
    const delays = [];
    comet.on('state', s => s.state == 'waiting' && delays.push(s.delay));
    comet.subscribe('news');
    await w.pass(100);
    w.network.isUp = false;
    w.network.cutAll();
    await w.pass(400_000);
    delays.slice(0, 12).forEach((d, i) => assert.ok(d <= Math.min(30_000, 500 * 2 ** i), `${i}: ${d}`));
    assert.ok(Math.max(...delays) > 10_000);
  });

  test('joins and leaves are handed on', async () => {
    comet = connect('/comet');
    const got = collect(comet.subscribe('chat', { members: true, presence: 'ann' }));
    await w.pass(100);
    w.server.tell('join', 'chat', 'bob');
    await w.pass(100);
    assert.equal(got[0].type, 'join');
    assert.equal(got[0].member, 'bob');
    assert.equal(w.server.requests[0].query.get('presence'), 'ann');
    assert.equal(w.server.requests[0].query.get('members'), 'true');
  });

  test('the token goes where the transport can carry it', async () => {
    comet = connect('/comet', { token: 'secret' });
    comet.subscribe('news');
    await w.pass(100);
    const [poll, sse] = w.server.requests;
    assert.equal(poll.headers.authorization, 'Bearer secret');
    assert.equal(poll.query.get('access_token'), null);
    assert.equal(sse.query.get('access_token'), 'secret');
  });

  test('a token that hangs does not hang the subscription for ever', async () => {
    let calls = 0;
    comet = connect('/comet', { token: () => (calls++ ? 'secret' : new Promise(() => {})) });
    const got = collect(comet.subscribe('news'));
    await w.pass(60_000);
    w.server.publish('news', 1);
    await w.pass(100);
    assert.deepEqual(got.data(), [1]);
  });

  test('publish sends text as text and the rest as JSON, with type and attributes', async () => {
    comet = connect('/comet');
    const text = comet.publish('a b', 'hello', { type: 'greeting', attributes: { sender: 'Jürgen' } });
    const json = comet.publish('a b', { n: 1 });
    await w.pass(100);
    assert.deepEqual(await text, { channel: 'a b', seq: 1, id: 1, time: (await text).time });
    await json;
    const [first, second] = w.server.requests;
    assert.equal(first.path, '/comet/channels/a%20b');
    assert.equal(first.headers['x-comet-type'], 'greeting');
    assert.equal(Buffer.from(first.headers['x-comet-attribute-sender'], 'latin1').toString(), 'Jürgen');
    assert.equal(first.body, 'hello');
    assert.equal(second.headers['content-type'], 'application/json');
    assert.equal(second.body, '{"n":1}');
  });

  test('a publish that is refused throws what the server says, and is not repeated', async () => {
    w.server.guard = () => ({ status: 403, detail: 'publish: nobody' });
    comet = connect('/comet');
    const refused = assert.rejects(comet.publish('news', 'x'), { message: 'publish: nobody', status: 403 });
    await w.pass(60_000);
    await refused;
    assert.equal(w.server.requests.length, 1);
  });

  test('numbers that a poll skips without a word are told as lost', async () => {
    comet = connect('/comet', { transports: ['stream'] });
    const got = collect(comet.subscribe('news'));
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(100);
    w.server.channel('news').next = 5;
    w.server.channel('news').kept = [];
    const connection = [...w.server.connections][0];
    connection.places.news.next = 5;
    w.server.publish('news', 5);
    // The server's own fault: it tells no gap, whoever asks.
    connection.constructor.prototype.read = (read => function* () {
      for (const item of read.call(this)) if (item.type != 'gap') yield item;
    })(connection.constructor.prototype.read);
    await w.pass(10_000);
    const { reason, from, to } = got[1];
    assert.deepEqual({ reason, from, to }, { reason: 'lost', from: 2, to: 4 });
    assert.deepEqual(got.data(), [1, 5]);
  });

  test('a listener that throws is heard by the page, and stops nothing', async t => {
    const errors = [];
    const listen = e => errors.push(e.message);
    process.setUncaughtExceptionCaptureCallback(listen);
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    comet = connect('/comet');
    comet.on('state', () => {
      throw new Error('mine');
    });
    const got = collect(comet.subscribe('news'));
    await w.pass(100);
    w.server.publish('news', 1);
    await w.pass(100);
    assert.deepEqual(got.data(), [1]);
    assert.equal(errors[0], 'mine');
  });

  test('closing the client closes all, and what is subscribed later is closed at once', async () => {
    comet = connect('/comet');
    const all = ['a', 'b'].map(name => collect(comet.subscribe(name)));
    await w.pass(100);
    comet.close();
    all.push(collect(comet.subscribe('c')));
    for (const got of all) assert.equal(await got.done, 'closed');
    await w.pass(100);
    assert.equal(w.server.connections.size, 0);
    assert.equal(w.clock.pending, 0);
  });
});
