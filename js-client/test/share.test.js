import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { collect, world } from './fake/world.js';

let w;
let tabs;
beforeEach(() => {
  w = world(1);
  tabs = [];
});
afterEach(async () => {
  for (const tab of tabs) tab.comet.close();
  await w.pass(1_000);
  assert.ok(w.browser.isQuiet, 'a lock or a BroadcastChannel is left');
  w.end();
});

const open = (options, missing) => {
  tabs.push(w.browser.open('/comet', options, missing));
  return tabs.at(-1);
};
const subscribe = (tab, channels = 'news', more) => {
  const subscription = tab.comet.subscribe(channels, more);
  return Object.assign(collect(subscription), { subscription });
};
const held = () => [...w.server.connections].filter(({ query }) => query.get('wait') != '0');
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('eight tabs share one connection, and each sees all', async () => {
  const got = numbers(1, 8).map(() => subscribe(open()));
  await w.pass(2_000);
  for (const i of numbers(1, 20)) w.server.publish('news', i);
  await w.pass(1_000);
  assert.equal(held().length, 1);
  for (const one of got) assert.deepEqual(one.data(), numbers(1, 20));
});

for (const end of ['crash', 'freeze', 'close']) {
  test(`when the leader's tab goes (${end}), another takes over, and nothing is lost or doubled`, async () => {
    const got = new Map(numbers(1, 5).map(() => open()).map(tab => [tab, subscribe(tab)]));
    await w.pass(2_000);
    let n = 0;
    for (let i = 0; i < 4; i++) {
      w.server.publish('news', ++n);
      await w.pass(5);
      w.server.publish('news', ++n);
      const { leader } = w.browser;
      if (end == 'close') leader.comet.close();
      else leader[end]();
      got.delete(leader);
      w.server.publish('news', ++n);
      await w.pass(1_000);
      w.server.publish('news', ++n);
      await w.pass(1_000);
    }
    assert.equal(got.size, 1);
    assert.equal(held().filter(({ reply }) => reply).length, end == 'freeze' ? 5 : 1);
    for (const one of got.values()) assert.deepEqual(one.data(), numbers(1, 16));
    for (const tab of tabs) if (tab.isFrozen) tab.thaw();
    await w.pass(100_000);
    w.server.publish('news', ++n);
    await w.pass(1_000);
    for (const one of got.values()) assert.deepEqual(one.data(), numbers(1, 17));
    assert.equal(held().length, 1);
  });
}

test('a tab that comes late begins where it wants to', async () => {
  for (const i of numbers(1, 8)) w.server.publish('news', i);
  const first = subscribe(open());
  await w.pass(1_000);
  for (const i of numbers(9, 10)) w.server.publish('news', i);
  await w.pass(1_000);
  const late = [{ from: 3 }, { from: 'oldest' }, { from: 'latest' }, { from: first[0].cursor }].map(more =>
    subscribe(open(), 'news', more),
  );
  await w.pass(1_000);
  w.server.publish('news', 11);
  await w.pass(1_000);
  assert.deepEqual(first.data(), [9, 10, 11]);
  assert.deepEqual(late.map(one => one.data()), [numbers(8, 11), numbers(1, 11), [11], [10, 11]]);
  assert.equal(held().length, 1);
});

test('what the stream has not brought yet, and a tab knows from before, is not doubled', async () => {
  // Two messages are under way to the leader, who is slow; the other tab's page has seen them before it was loaded again.
  const first = subscribe(open());
  await w.pass(1_000);
  const { delay } = w.network;
  w.network.delay = () => 2_000;
  w.server.publish('news', 1);
  w.server.publish('news', 2);
  w.network.delay = delay;
  const again = subscribe(open(), 'news', { from: '00000001.3' });
  await w.pass(500);
  assert.deepEqual([first.data(), again.data()], [[], []]);
  await w.pass(5_000);
  w.server.publish('news', 3);
  await w.pass(1_000);
  assert.deepEqual([first.data(), again.data()], [[1, 2, 3], [3]]);
});

test('what is in a poll from the stream, and beyond the last of the own polls, is not taken for old', async () => {
  w.server.piece = 2;
  const channels = ['news', 'chat'];
  const first = subscribe(open(), channels);
  await w.pass(1_000);
  for (const i of [1, 2]) w.server.publish('news', i);
  await w.pass(1_000);
  const { delay } = w.network;
  w.network.delay = () => 2_000;
  w.server.publish('news', 3);
  w.server.publish('chat', 4);
  w.network.delay = delay;
  const late = subscribe(open(), channels, { from: first[0].cursor });
  await w.pass(5_000);
  assert.deepEqual(late.data(), [2, 3, 4]);
});

/** Another tab, at its last poll before it follows the stream. */
const atTheLastPoll = action => {
  let polls = 0;
  w.server.guard = ({ query }) => {
    if (query.get('wait') == '0' && ++polls == 3) action();
  };
  return subscribe(open({ buffer: 10 }));
};

test('what is published just after a tab has polled, and is there before the answer, is kept', async () => {
  subscribe(open({ buffer: 10 }));
  await w.pass(1_000);
  const got = atTheLastPoll(() => {
    w.network.delay = () => 300;
    w.clock.after(1, () => {
      w.network.delay = () => 1;
      w.server.publish('news', 1);
    });
  });
  await w.pass(1_000);
  assert.deepEqual(got.data(), [1]);
});

test('a message of an earlier life that comes late is not taken for one of this life', async () => {
  const first = subscribe(open({ buffer: 10 }));
  await w.pass(1_000);
  const got = atTheLastPoll(() => {
    w.network.delay = () => 500;
    w.server.publish('news', 'old');
    w.server.restart();
    w.network.delay = () => 1;
  });
  await w.pass(10_000);
  w.server.publish('news', 'new');
  await w.pass(1_000);
  assert.deepEqual(first.map(i => i.data ?? i.reason), ['old', 'reset', 'new']);
  assert.deepEqual(got.map(i => i.data ?? i.reason), ['reset', 'new']);
});

test('a tab that joins a busy stream follows it after few polls', async () => {
  w.server.history = 1_000;
  subscribe(open(), ['news', 'chat']);
  await w.pass(1_000);
  let n = 0;
  const publish = () => {
    w.server.publish(n % 3 ? 'news' : 'chat', ++n);
    if (n < 2_000) w.clock.after(2, publish);
  };
  publish();
  await w.pass(500);
  const before = w.server.requests.length;
  const [late, back] = ['latest', 10].map(from => subscribe(open(), ['news', 'chat'], { from }));
  await w.pass(500);
  assert.ok(w.server.requests.length - before <= 12, `${w.server.requests.length - before} requests`);
  await w.pass(5_000);
  for (const got of [late, back]) {
    for (const name of ['news', 'chat']) {
      const seqs = got.filter(m => m.channel == name).map(m => m.seq);
      assert.deepEqual(seqs, numbers(seqs[0], w.server.channel(name).next - 1));
    }
  }
  assert.equal(held().length, 1);
});

test('a tab whose poll hangs keeps no more than its buffer', async () => {
  w.server.history = 1_000;
  subscribe(open({ buffer: 10 }));
  await w.pass(1_000);
  const got = atTheLastPoll(() => {
    for (const pipe of w.network.pipes) pipe.isFrozen = pipe.tab == tabs[1];
  });
  await w.pass(1_000);
  for (const i of numbers(1, 11)) w.server.publish('news', i);
  await w.pass(5_000);
  assert.deepEqual(got.data(), numbers(1, 11), 'it has begun again, long before the poll was given up');
});

test('tabs of different channels share a connection to all of them, and each sees its own', async () => {
  const got = ['a', 'b', ['a', 'c']].map(channels => subscribe(open(), channels));
  await w.pass(2_000);
  for (const [i, name] of [...'abcabc'].entries()) w.server.publish(name, i);
  await w.pass(1_000);
  assert.equal(held().length, 1);
  assert.deepEqual([...held()[0].channels].sort(), ['a', 'b', 'c']);
  assert.deepEqual(got.map(one => one.data()), [[0, 3], [1, 4], [0, 2, 3, 5]]);
  tabs[1].comet.close();
  subscribe(tabs[0], 'd');
  await w.pass(1_000);
  assert.deepEqual([...held()[0].channels].sort(), ['a', 'c', 'd'], 'a channel that nobody wants any more goes');
});

test('subscriptions of one tab share it too, and other arguments have another', async () => {
  const tab = open();
  subscribe(tab, 'a');
  subscribe(tab, 'b');
  await w.pass(1_000);
  assert.equal(held().length, 1);
  subscribe(tab, 'b', { presence: 'ann' });
  subscribe(open({ pollWait: 3 }), 'b');
  await w.pass(1_000);
  assert.equal(held().length, 3);
});

test('a restarted server is a reset for each tab, and nothing published after it is lost', async () => {
  const got = numbers(1, 3).map(() => subscribe(open(), ['news', 'chat']));
  await w.pass(2_000);
  for (const i of numbers(1, 3)) w.server.publish('news', i);
  await w.pass(1_000);
  w.server.restart();
  for (const i of numbers(4, 6)) w.server.publish('news', i);
  await w.pass(10_000);
  w.server.publish('news', 7);
  await w.pass(1_000);
  for (const one of got) {
    assert.deepEqual(one.data(), numbers(1, 7));
    assert.deepEqual(one.gaps().map(g => [g.channel, g.reason]).sort(), [['chat', 'reset'], ['news', 'reset']]);
  }
  assert.equal(held().length, 1);
});

for (const who of ['leader', 'other']) {
  test(`a tab that takes nothing (${who}) stops no other, keeps no more than its buffer, and misses nothing`, async () => {
    w.server.history = 1_000;
    const lazy = who == 'leader' && open({ buffer: 10 }).comet.subscribe('news');
    const got = numbers(1, 2).map(() => subscribe(open({ buffer: 10 })));
    await w.pass(2_000);
    const idle = lazy || open({ buffer: 10 }).comet.subscribe('news');
    const states = [];
    idle.on('state', ({ state }) => states.push(state));
    await w.pass(2_000);
    for (const i of numbers(1, 100)) {
      w.server.publish('news', i);
      await w.pass(20);
    }
    await w.pass(3_000);
    for (const one of got) assert.deepEqual(one.data(), numbers(1, 100));
    assert.equal(states.at(-1), 'paused');
    assert.equal(held().length, 1);
    const late = collect(idle);
    await w.pass(10_000);
    assert.deepEqual(late.data(), numbers(1, 100));
    assert.equal(held().length, 1);
  });
}

for (const missing of ['navigator', 'BroadcastChannel', 'comet-share.js']) {
  test(`without ${missing} each tab has its connection`, async () => {
    const got = numbers(1, 2).map(() => subscribe(open({}, [missing])));
    await w.pass(10_000);
    w.server.publish('news', 1);
    await w.pass(1_000);
    assert.equal(held().length, 2);
    for (const one of got) assert.deepEqual(one.data(), [1]);
  });
}

test('a channel that is refused ends its tab only', async () => {
  w.server.guard = ({ query }) => (query.getAll('channel').includes('secret') ? { status: 403 } : undefined);
  const got = subscribe(open());
  const refused = subscribe(open(), 'secret');
  await w.pass(10_000);
  assert.equal((await refused.done).status, 403);
  w.server.publish('news', 1);
  await w.pass(1_000);
  assert.deepEqual(got.data(), [1]);
});

test('a channel that is refused later ends its tabs only', async () => {
  const got = ['news', 'secret', 'news'].map(name => subscribe(open(), name));
  await w.pass(2_000);
  w.server.guard = ({ query }) => (query.getAll('channel').includes('secret') ? { status: 403 } : undefined);
  w.network.cutAll();
  await w.pass(60_000);
  assert.equal((await got[1].done).status, 403);
  w.server.publish('news', 1);
  await w.pass(10_000);
  for (const i of [0, 2]) assert.deepEqual(got[i].data(), [1]);
});

test('a member that another has replaced does not come back, in any tab', async () => {
  const got = numbers(1, 2).map(() => subscribe(open(), 'room', { presence: 'ann' }));
  await w.pass(2_000);
  w.server.end('replaced');
  await w.pass(60_000);
  for (const one of got) assert.equal((await Promise.race([one.done, w.pass(0)]))?.message, 'replaced');
  assert.equal(held().length, 0);
});

test('more channels than a request may have go to connections of their own', async () => {
  const names = (letter, n) => numbers(1, n).map(i => letter + i);
  const got = subscribe(open(), names('a', 50));
  await w.pass(2_000);
  const other = subscribe(open(), names('b', 20));
  await w.pass(20_000);
  w.server.publish('a1', 1);
  w.server.publish('b1', 2);
  await w.pass(1_000);
  assert.deepEqual([got.data(), other.data()], [[1], [2]]);
  assert.deepEqual(held().map(({ channels }) => channels.length).sort(), [20, 50]);
});

test('a leader that hangs and keeps its lock does not stop the others for ever', async () => {
  const first = open();
  subscribe(first);
  await w.pass(1_000);
  const got = subscribe(open());
  await w.pass(1_000);
  first.run = () => {}; // its locks stay its own
  w.server.publish('news', 1);
  await w.pass(300_000);
  w.server.publish('news', 2);
  await w.pass(1_000);
  assert.deepEqual(got.data(), [1, 2]);
  delete first.run;
  first.crash();
});

test('silence costs messages between tabs only', async () => {
  numbers(1, 3).forEach(() => subscribe(open({ transports: ['stream'] })));
  await w.pass(5_000);
  const before = w.server.requests.length;
  await w.pass(600_000);
  assert.equal(w.server.requests.length, before);
  assert.equal(held().length, 1);
});

test('a page that wakes asks for itself', async () => {
  const got = numbers(1, 3).map(() => subscribe(open()));
  await w.pass(2_000);
  w.network.freezeAll();
  w.server.publish('news', 1);
  for (const tab of tabs) tab.fire('online');
  await w.pass(1_000);
  for (const one of got) assert.deepEqual(one.data(), [1]);
  assert.equal(held().filter(({ reply }) => reply).length, 1);
});

test('each tab is told that the connection is away', async () => {
  const states = numbers(1, 2).map(() => {
    const seen = [];
    open().comet.on('state', ({ state, transport }) => seen.push(`${state} ${transport}`));
    subscribe(tabs.at(-1));
    return seen;
  });
  await w.pass(2_000);
  w.network.cutAll();
  await w.pass(10_000);
  for (const seen of states) {
    assert.deepEqual(seen, ['connecting', 'open', 'waiting', 'connecting', 'open'].map(state => state + ' share'));
  }
});

test('who joins and leaves is told in every tab', async () => {
  const got = numbers(1, 2).map(() => subscribe(open(), 'room', { presence: 'ann', members: true }));
  await w.pass(2_000);
  w.server.tell('join', 'room', 'bob');
  w.server.publish('room', 'hi');
  await w.pass(1_000);
  for (const one of got) assert.deepEqual(one.map(i => i.member ?? i.data), ['bob', 'hi']);
  assert.equal(held().length, 1);
});
