// The drop-ins against servers that speak as the protocol pages say, in a page that has no more than they need.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import vm from 'node:vm';
import { Clock } from './fake/clock.js';

let clock;
beforeEach(() => {
  clock = new Clock().install();
});
afterEach(() => clock.restore());

/** A page. `answer(url)` returns what a script has it run: [callback, value], at once or when `hold` lets go; null: an error. */
const page = (name, answer, more = {}) => {
  const asked = [];
  const errors = [];
  const window = { ...more };
  const finish = (script, result) => {
    if (!result) return script.onerror?.();
    const [callback, value] = result;
    if (window[callback]) {
      try {
        window[callback](value);
      } catch (e) {
        errors.push(e.message);
      }
    } else errors.push(callback + ' is not defined');
    script.onload?.({ type: 'load' });
  };
  const document = {
    createElement: () => ({ remove() {} }),
    head: {
      append(script) {
        const url = new URL(script.src, 'http://comet.test');
        asked.push(url);
        clock.after(5, () => {
          const result = answer(url, value => clock.after(5, () => finish(script, value)));
          if (result !== undefined) finish(script, result);
        });
      },
    },
  };
  Object.assign(window, { document, window, URLSearchParams, AbortController, Date, console: { error: e => errors.push(e.message) } });
  window.setTimeout = (...args) => setTimeout(...args);
  window.clearTimeout = id => clearTimeout(id);
  vm.runInContext(readFileSync(new URL(`../src/legacy/${name}.js`, import.meta.url), 'utf8'), vm.createContext(window));
  return { window, asked, errors };
};

describe('simple-comet.js', () => {
  const server = () => {
    const channels = { a: [], b: [] };
    const held = new Set();
    let id = 100;
    const reply = (channel, since) => ({
      since,
      messages: { [channel]: channels[channel].filter(m => m.id > since) },
      return_code: 1,
      error_message: '',
      last_id: Math.max(since, ...channels[channel].map(m => m.id)),
    });
    return {
      publish(channel, content) {
        channels[channel].push({ content, id: ++id, ts: 0 });
        for (const h of held) if (h.channel == channel) h.go();
      },
      isDown: false,
      answer(url, later) {
        if (this.isDown) return null;
        const channel = url.pathname.match(/(\w+)\.jsonp$/)[1];
        const since = +url.searchParams.get('since');
        const cb = url.searchParams.get('cb');
        assert.match(cb, /^_JSONP_[A-Za-z0-9_.]*$/);
        if (url.searchParams.get('client_id') == 'bad') {
          return [cb, { return_code: -3, error_message: 'Unregistered client_id' }];
        }
        if (reply(channel, since).messages[channel].length) return [cb, reply(channel, since)];
        const h = {
          channel,
          go: () => {
            held.delete(h);
            later([cb, reply(channel, since)]);
          },
        };
        held.add(h);
      },
    };
  };
  const contents = (into, channel) => reply => into.push(...(reply.messages?.[channel] ?? []).map(m => m.content));

  test('each subscription has its own callback and place, before start and after it', async () => {
    const s = server();
    const { window } = page('simple-comet', (u, l) => s.answer(u, l));
    const a = [];
    const b = [];
    window.SimpleComet.subscribe('/channels/a.jsonp', contents(a, 'a'));
    await clock.pass(100);
    s.publish('a', 1);
    window.SimpleComet.start();
    window.SimpleComet.subscribe('/channels/b.jsonp', contents(b, 'b'));
    window.SimpleComet.start();
    await clock.pass(100);
    for (let i = 2; i < 8; i++) {
      s.publish('a', i);
      s.publish('b', -i);
      await clock.pass(i * 30);
    }
    await clock.pass(500);
    assert.deepEqual(a, [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(b, [-2, -3, -4, -5, -6, -7]);
  });

  test('it goes on after an error, and does not storm a server that refuses', async () => {
    const s = server();
    const { window, asked } = page('simple-comet', (u, l) => s.answer(u, l));
    const a = [];
    const refusals = [];
    s.isDown = true;
    window.SimpleComet.start();
    window.SimpleComet.subscribe('/channels/a.jsonp', contents(a, 'a'));
    window.SimpleComet.subscribe('/channels/b.jsonp', r => refusals.push(r.return_code), 'bad');
    await clock.pass(20_000);
    s.isDown = false;
    s.publish('a', 'back');
    await clock.pass(20_000);
    assert.deepEqual(a, ['back']);
    assert.deepEqual([...new Set(refusals)], [-3]);
    assert.ok(asked.length < 20);
  });

  test('an answer that never comes is asked for again; when it comes after all it is not taken', async () => {
    const late = [];
    const { window, errors } = page('simple-comet', (url, later) => {
      late.push(() => later([url.searchParams.get('cb'), { messages: { a: [{ content: 'x' }] }, return_code: 1, last_id: 9 }]));
    });
    const a = [];
    window.SimpleComet.start();
    window.SimpleComet.subscribe('/channels/a.jsonp', contents(a, 'a'));
    await clock.pass(70_000);
    assert.equal(late.length, 2);
    late[0]();
    late[1]();
    await clock.pass(50);
    assert.deepEqual(a, ['x']);
    assert.deepEqual(errors, []);
  });

  test('a callback that throws stops nothing', async () => {
    const s = server();
    const { window } = page('simple-comet', (u, l) => s.answer(u, l));
    const a = [];
    window.SimpleComet.start();
    window.SimpleComet.subscribe('/channels/a.jsonp', reply => {
      contents(a, 'a')(reply);
      throw new Error('mine');
    });
    await clock.pass(50);
    s.publish('a', 1);
    await clock.pass(500);
    s.publish('a', 2);
    await clock.pass(500);
    assert.deepEqual(a, [1, 2]);
  });
});

describe('ccomet.js', () => {
  const server = () => {
    let messages = [];
    let held = new Set();
    const item = (type, msg, seqid) => ({ type, msg, sname: 'ann', seqid: `${seqid}`, channel: 'room' });
    const s = {
      publish(msg) {
        messages.push(item('MSG', msg, messages.length));
        const all = [...held];
        held.clear();
        for (const h of all) h();
      },
      sign() {
        const all = [...held];
        held.clear();
        for (const h of all) h([item('SIGN', 'SIGN', messages.length)]);
      },
      expire() {
        const all = [...held];
        held.clear();
        for (const h of all) h([]);
      },
      restart() {
        messages = [];
        held = new Set();
      },
      answer(url, later) {
        const q = url.searchParams;
        const cb = q.get('callback');
        const say = items => [cb, JSON.stringify(items)];
        if (url.pathname == '/sign') return say([{ type: 'sign in' }]);
        if (url.pathname == '/publish') {
          s.publish(q.get('msg'));
          return say([{ type: 'publish' }]);
        }
        const from = +q.get('seqid');
        if (from > messages.length) return say([{ type: '403' }]);
        if (from < messages.length) return say(messages.slice(from));
        held.add(items => later(say(items ?? messages.slice(from))));
      },
    };
    return s;
  };
  const start = (s, got) => {
    const p = page('ccomet', s.answer);
    p.client = new p.window.CComet({
      channel: 'room',
      sname: 'ann',
      sign_url: '/sign?channel=room&sname=ann',
      sub_url: '/subscribe?channel=room&sname=ann&seqid=',
      pub_url: '/publish?channel=room&sname=ann&msg=',
      callback: m => got.push(m.type == 'MSG' ? m.msg : m.type),
    });
    return p;
  };

  test('it signs, gets each message once, whatever is in it, and goes on', async () => {
    const s = server();
    const got = [];
    s.publish('before');
    const { client, errors } = start(s, got);
    await clock.pass(100);
    client.pub(`it's "quoted" & <b>`);
    await clock.pass(100);
    s.sign();
    await clock.pass(20);
    s.publish('x');
    s.publish('y');
    await clock.pass(2_000);
    s.expire();
    await clock.pass(500);
    s.publish('z');
    await clock.pass(3_000);
    assert.deepEqual(got, ['before', `it's "quoted" & <b>`, 'SIGN', 'x', 'y', 'z']);
    assert.deepEqual(errors, []);
  });

  test('a server that was restarted counts from 0', async () => {
    const s = server();
    const got = [];
    start(s, got);
    await clock.pass(50);
    s.publish('a');
    s.publish('b');
    await clock.pass(100);
    s.restart();
    await clock.pass(60_000); // the held request is given up
    s.publish('new');
    await clock.pass(10_000);
    assert.deepEqual(got, ['a', 'b', 'new']);
  });

  test('two pages of one name do not push each other out without end', async () => {
    const s = server();
    const { asked } = start(s, []);
    for (let i = 0; i < 100; i++) {
      await clock.pass(100);
      s.expire();
    }
    assert.ok(asked.length < 15, `${asked.length} requests in 10 s`);
  });
});

describe('stardust.js', () => {
  const start = (answers, more) => {
    const asked = [];
    const fetch = (url, { signal }) =>
      new Promise((resolve, reject) => {
        asked.push(url);
        signal.addEventListener('abort', () => reject(signal.reason));
        const next = answers.shift();
        if (next instanceof Error) reject(next);
        else if (next) resolve({ ok: true, json: async () => next });
      });
    return { ...page('stardust', () => null, { fetch, ...more }), asked };
  };

  test('each message goes to the handler of its type, or to *; one that throws stops nothing', async () => {
    const got = [];
    const jQuery = {};
    const { window, errors } = start([[], [{ type: 'a', n: 1 }, { type: 'bad' }, { type: 'b', n: 2 }], [{ n: 3 }]], { jQuery });
    window.jQuery.ev.loop('/channel/x/stream/0.5', {
      a: m => got.push('a' + m.n),
      bad: () => {
        throw new Error('mine');
      },
      '*': m => got.push('*' + m.n),
    });
    await clock.pass(1_000);
    assert.deepEqual(got, ['a1', '*2', '*3']);
    assert.deepEqual(errors, ['mine']);
    assert.equal(window.$, undefined);
  });

  test('100 ms after a success, 5 s after a failure', async () => {
    const { window, asked } = start([[], new Error('away'), []]);
    window.$.ev.loop('/u', {});
    await clock.pass(99);
    assert.equal(asked.length, 1);
    await clock.pass(1);
    assert.equal(asked.length, 2);
    await clock.pass(4_999);
    assert.equal(asked.length, 2);
    await clock.pass(1);
    assert.equal(asked.length, 3);
  });

  test('stop stops, another loop takes its place, handlers stay', async () => {
    const got = [];
    const { window, asked } = start([[], null, [{ type: 'a' }]]);
    window.$.ev.handlers.a = () => got.push('a');
    window.$.ev.loop('/one');
    await clock.pass(200);
    window.$.ev.loop('/two');
    await clock.pass(50);
    assert.deepEqual(got, ['a']);
    window.$.ev.stop();
    await clock.pass(60_000);
    assert.deepEqual(asked, ['/one', '/one', '/two']);
  });
});

describe('icomet.js', () => {
  const server = () => {
    const s = {
      messages: [],
      held: new Set(),
      token: '',
      get next() {
        return s.messages.length + 1;
      },
      data: (seq, type = 'data') => ({ type, cname: 'a', seq, content: s.messages[seq - 1] }),
      wake(what) {
        const all = [...s.held];
        for (const h of all) h(what);
      },
      publish(...contents) {
        for (const content of contents) {
          s.messages.push(content);
          s.wake(s.data(s.next - 1));
        }
      },
      // One request's messages at once: an array where it ends a poll.
      begin(seq, token) {
        if (token != s.token) return { type: '401', cname: 'a', seq: 0, content: 'Token error' };
        if (!seq || seq > s.next) return { type: 'next_seq', cname: 'a', seq: s.next, content: '' };
        if (seq < s.next) return s.messages.slice(seq - 1).map((_, i) => s.data(seq + i));
      },
      answer(url, later) {
        const q = url.searchParams;
        const cb = q.get('cb');
        if (url.pathname == '/sign') {
          s.token = 't' + s.messages.length + s.signs++;
          return [cb, { type: 'sign', cname: q.get('cname'), seq: 1, token: s.token, expires: 60, sub_timeout: 30 }];
        }
        if (url.pathname == '/push') {
          s.publish(q.get('content'));
          return [cb, { type: 'ok' }];
        }
        const now = s.begin(+q.get('seq'), q.get('token'));
        if (now) return [cb, now];
        const h = what => {
          s.held.delete(h);
          later([cb, what]);
        };
        s.held.add(h);
      },
      signs: 0,
      sources: [],
    };
    s.EventSource = class {
      constructor(src) {
        const url = new URL(src, 'http://comet.test');
        assert.equal(url.pathname, '/sse');
        s.sources.push(url);
        const say = what => clock.after(5, () => !this.closed && this.onmessage({ data: JSON.stringify(what) }));
        clock.after(5, () => {
          if (this.closed) return;
          if (s.isDown) return this.onerror();
          for (const m of [s.begin(+url.searchParams.get('seq'), url.searchParams.get('token')) ?? []].flat()) say(m);
          s.held.add(say);
          this.close = () => {
            this.closed = true;
            s.held.delete(say);
          };
          this.fail = () => !this.closed && this.onerror();
        });
        s.last = this;
      }
      close() {
        this.closed = true;
      }
    };
    return s;
  };

  for (const mode of ['EventSource', 'JSONP']) {
    describe(mode, () => {
      const start = (s, got, more) => {
        const p = page('icomet', s.answer, mode == 'JSONP' ? {} : { EventSource: s.EventSource });
        const config = { channel: 'a', subUrl: '/sub', pubUrl: '/push', callback: (content, type) => got.push([content, type]), ...more };
        p.client = new p.window.iComet(config);
        return p;
      };

      test('live messages and batches, and it goes on after a batch', async () => {
        const s = server();
        s.publish('one', 'two');
        const got = [];
        start(s, got, { signUrl: '/sign' });
        await clock.pass(100);
        s.publish('three');
        await clock.pass(100);
        s.publish('four', 'five');
        await clock.pass(100);
        assert.deepEqual(got.map(g => g[0]), ['one', 'two', 'three', 'four', 'five']);
        assert.equal(got[0][1], 'data');
      });

      test('without a sign it begins with what comes next', async () => {
        const s = server();
        s.publish('old');
        const got = [];
        start(s, got);
        await clock.pass(100);
        s.publish('new');
        await clock.pass(100);
        assert.deepEqual(got, [['new', 'data']]);
      });

      test('what is behind is dropped, a foreign noop too, and broadcasts are told', async () => {
        const s = server();
        const got = [];
        start(s, got);
        await clock.pass(100);
        s.publish('1', '2');
        await clock.pass(50);
        s.publish('3');
        await clock.pass(50);
        s.wake({ type: 'data', cname: 'a', seq: 2, content: 'again' });
        await clock.pass(50);
        s.wake({ type: 'noop', cname: 'a', seq: 77, content: '' });
        await clock.pass(50);
        s.messages.push('all');
        s.wake(mode == 'JSONP' ? [s.data(4, 'broadcast'), { type: 'next_seq', cname: 'a', seq: 5 }] : s.data(4, 'broadcast'));
        await clock.pass(50);
        assert.deepEqual(got, [['1', 'data'], ['2', 'data'], ['3', 'data'], ['all', 'broadcast']]);
      });

      test('a server that was restarted tells all that it has since', async () => {
        const s = server();
        const got = [];
        start(s, got, { signUrl: '/sign' });
        await clock.pass(100);
        s.publish('1', '2', '3');
        await clock.pass(100);
        s.messages = [];
        s.token = 'forgotten';
        s.held.clear();
        s.publish('new 1');
        s.last?.fail();
        await clock.pass(100_000);
        s.publish('new 2');
        await clock.pass(100);
        assert.deepEqual(got.map(g => g[0]), ['1', '2', '3', 'new 1', 'new 2']);
        assert.equal(s.signs, 2);
      });

      test('stop stops, start goes on where it was', async () => {
        const s = server();
        const got = [];
        const { client, errors } = start(s, got);
        await clock.pass(100);
        s.publish('1');
        await clock.pass(100);
        client.stop();
        s.publish('2');
        await clock.pass(200_000);
        assert.equal(clock.pending, 0);
        client.start();
        client.start();
        await clock.pass(100);
        assert.deepEqual(got.map(g => g[0]), ['1', '2']);
        assert.deepEqual(errors, []);
      });

      test('pub calls back', async () => {
        const s = server();
        const got = [];
        const answers = [];
        const { client } = start(s, got);
        await clock.pass(100);
        client.pub('hello & <b>', a => answers.push(a.type));
        await clock.pass(100);
        assert.deepEqual(answers, ['ok']);
        assert.deepEqual(got, [['hello & <b>', 'data']]);
      });

      test('silence ends the connection, 429 waits', async () => {
        const s = server();
        const got = [];
        start(s, got, { sub_timeout: 1_000 });
        await clock.pass(100);
        s.held.clear(); // no word will come any more
        s.publish('1');
        await clock.pass(1_500);
        assert.deepEqual(got.map(g => g[0]), ['1']);
        s.wake({ type: '429', cname: 'a', seq: 0, content: 'Too many subscribers' });
        await clock.pass(10_000);
        s.publish('2');
        await clock.pass(100);
        assert.deepEqual(got.map(g => g[0]), ['1', '2']);
      });
    });
  }
});
