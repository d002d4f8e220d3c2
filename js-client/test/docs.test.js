// Runs each example of docs/javascript.md that says so, and looks at what it shows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from '../src/comet.js';
import { world } from './fake/world.js';

const text = readFileSync(new URL('../../docs/javascript.md', import.meta.url), 'utf8');
const examples = new Map(
  [...text.matchAll(/<!-- runs: (\S+) -->\n```js\n(.*?)```/gs)].map(([, name, code]) => [name, code]),
);
const AsyncFunction = (async () => {}).constructor;

/** Runs one, in several tabs if need be; `act` does what happens meanwhile. Returns what was shown. */
const run = async (name, act, { comet: hasComet = true, prepare = () => {}, globals = {}, tabs = 0 } = {}) => {
  const w = world(1);
  const shown = [];
  const stored = new Map();
  const clients = [];
  const connected = connect => (...args) => {
    clients.push(connect(...args));
    return clients.at(-1);
  };
  const all = {
    show: line => shown.push(line),
    localStorage: { getItem: k => stored.get(k) ?? null, setItem: (k, v) => stored.set(k, v) },
    ...globals,
  };
  if (hasComet) all.comet = connected(connect)('/comet');
  try {
    prepare(w);
    const code = examples.get(name).replace(/^import .*$/m, '');
    const places = tabs ? Array.from({ length: tabs }, () => w.browser.open('/comet').connect) : [connect];
    const running = places.map(connect =>
      new AsyncFunction('connect', ...Object.keys(all), code)(connected(connect), ...Object.values(all)),
    );
    await w.pass(200);
    await act(w, stored);
    await w.pass(200);
    for (const client of clients) client.close();
    await w.pass(50);
    await Promise.all(running);
    return shown;
  } finally {
    w.end();
  }
};

const cases = {
  async subscribe() {
    const shown = await run('subscribe', w => w.server.publish('news', 'live'), {
      comet: false,
      prepare: w => w.server.publish('news', 'kept'),
    });
    assert.deepEqual(shown, ['news 1: kept', 'news 2: live']);
  },
  async refused() {
    const shown = await run('refused', () => {}, {
      prepare: w => {
        w.server.guard = () => ({ status: 403, detail: 'subscribe: not you' });
      },
    });
    assert.deepEqual(shown, ['403: subscribe: not you']);
  },
  async gap() {
    const shown = await run('gap', async w => {
      w.server.publish('chat', 'a');
      await w.pass(100);
      w.network.isUp = false;
      w.network.cutAll();
      for (let i = 2; i <= 15; i++) w.server.publish('chat', i);
      await w.pass(100);
      w.network.isUp = true;
      await w.pass(60_000);
      w.server.restart();
      await w.pass(10_000);
    });
    assert.deepEqual(shown.slice(0, 3), ['a', 'chat: missed 2 to 5', 6]);
    assert.ok(shown.includes("chat began anew: load the page's state again"));
  },
  async cursor() {
    await run('cursor', async (w, stored) => {
      w.server.publish('todo', 'one');
      await w.pass(100);
      assert.equal(stored.get('cursor'), '00000001.2');
    });
  },
  async state() {
    assert.deepEqual(await run('state', () => {}), ['connecting sse', 'open sse', 'closed sse']);
  },
  async members() {
    const shown = await run('members', w => {
      w.server.tell('join', 'room', 'bob');
      w.server.publish('room', 'hi');
      w.server.tell('leave', 'room', 'bob');
    });
    assert.deepEqual(shown, ['bob: join', 'hi', 'bob: leave']);
  },
  async publish() {
    let types;
    const shown = await run('publish', w => {
      types = w.server.published.map(m => m.type);
    });
    assert.deepEqual(shown, ['stored as number 1']);
    assert.deepEqual(types, ['message', 'greeting']);
  },
  async share() {
    let connections;
    const act = async w => {
      await w.pass(1_000);
      connections = w.server.connections.size;
      w.server.publish('news', 'to all');
    };
    assert.deepEqual(await run('share', act, { comet: false, tabs: 3 }), ['to all', 'to all', 'to all']);
    assert.equal(connections, 1);
  },
  async token() {
    const shown = await run('token', w => w.server.publish('news', 'for the few'), {
      comet: false,
      globals: { fetch: async url => new Response(url.endsWith('?fresh') ? 'good' : 'old') },
      prepare: w => {
        w.server.guard = ({ headers }) => (headers.authorization == 'Bearer old' ? { status: 401 } : undefined);
      },
    });
    assert.deepEqual(shown, ['for the few']);
  },
};

for (const name of examples.keys()) test(`docs/javascript.md: ${name}`, cases[name]);

test('every example of docs/javascript.md is run', () => {
  assert.deepEqual([...examples.keys()].sort(), Object.keys(cases).sort());
  assert.equal(text.match(/```js\n/g).length, examples.size);
});
