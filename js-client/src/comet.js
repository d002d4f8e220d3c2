// The native client: docs/javascript.md explains it, docs/native.md is the wire.
//
// A subscription is a loop: an attempt to be connected, a pause, the next attempt. Only the cursor, and the number of each
// channel's last message, carry over; so whatever ends an attempt (the network, a proxy, a watchdog, a buffer that is full) is
// mended in the same way: by asking again.
//
// EventSource shows neither the status of an answer, nor an id without data, nor heartbeats: so a poll that does not wait goes
// before it, for status and cursor, and again whenever it is silent for too long.

const LONGEST_PAUSE = 30_000;
const LONGEST_URL = 4_000;
const FOR_EVER = 2 ** 31 - 1;
const EVENTS = ['message', 'gap', 'close', 'expiring', 'join', 'leave']; // what EventSource is to show

const emitter = parent => {
  const listeners = new Set();
  return {
    on(type, listener) {
      const entry = [type, listener];
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    emit(type, ...values) {
      for (const [wanted, listener] of listeners) {
        if (wanted == type) queueMicrotask(() => listener(...values)); // what it throws is the page's, not the loop's
      }
      parent?.emit(type, ...values);
    },
  };
};

export const connect = (url, options = {}) => {
  const {
    token,
    transports = ['sse', 'stream', 'poll'],
    shareTabs,
    heartbeat = 15_000,
    firstByte = 5_000,
    pollWait = 25,
    buffer = 1_000,
    credentials = 'same-origin',
    signal,
  } = options;
  let { retry = 2_000 } = options; // until the server says
  // One connection for all tabs is a transport like others: the first one, where the browser can do it.
  const ways = [
    ...(shareTabs && globalThis.BroadcastChannel && globalThis.navigator?.locks ? ['share'] : []),
    ...transports,
  ];
  const all = emitter();
  const life = new AbortController();
  const close = () => life.abort();
  const base = url.replace(/\/$/, '');

  const bearer = async renew => (typeof token == 'function' ? token(renew) : token);

  /** Resolves to an answer with a good status. A token that is refused may have run out on its way: it is renewed once. */
  const request = async (path, init, renew = false) => {
    const secret = await bearer(renew);
    const response = await fetch(base + path, {
      credentials,
      cache: 'no-store',
      ...init,
      headers: { ...init.headers, ...(secret && { Authorization: 'Bearer ' + secret }) },
    });
    const { ok, status } = response;
    if (ok) return response;
    if (status == 401 && !renew && typeof token == 'function') return request(path, init, true);
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(Error(problem?.detail || 'HTTP ' + status), {
      status,
      problem,
      retryAfter: response.headers.get('Retry-After') * 1000 || 0,
      // Asking again will not help, unless it took too long or was too much.
      final: status > 399 && status < 500 && status != 408 && status != 429,
    });
  };

  const subscribe = (channels, { from, signal: ownSignal, ...parameters } = {}) => {
    channels = [].concat(channels);
    from ||= 'latest';
    const events = emitter(all);
    const ownLife = new AbortController();

    // What has come. The next attempt goes on at the cursor.
    let cursor = /^(latest|oldest|\d+)$/.test(from) ? '' : from;
    const seen = new Map(); // channel → the number of its last message
    const resets = new Map(); // channel → the cursor of its last reset

    // What the application has not taken yet, and where it is.
    const queue = [];
    let taken = cursor;
    let takers = [];
    let ended;
    let failure;

    // The loop.
    let attempt;
    let resume; // ends the present pause
    let isFull; // it pauses until the application has taken all
    let isWoken; // the next pause is none
    let heard; // when the server was last heard
    let failures = 0;
    let transport = 0;
    let suspicion = 0; // against the transport: from 1 on it is checked by a poll, from 2 on the next one has its turn

    const state = (name, more) =>
      events.emit('state', { state: name, transport: ways[transport], ...more }, subscription);

    const notify = () => {
      for (const wake of takers.splice(0)) wake();
    };

    const end = error => {
      if (ended) return;
      ended = true;
      failure = error;
      if (!error && queue.splice(0).length) cursor = taken; // the page wants no more
      ownLife.abort();
      attempt.abort();
      resume?.();
      notify();
      state('closed', { error });
    };

    /** The page is back: from a pause, a frozen state, another network, a sleep in which no timer ran. */
    const wake = ({ type, persisted }) => {
      if (persisted === false) return; // pageshow of a page that was only loaded
      const isOther = type != 'visibilitychange';
      if (isOther) transport = suspicion = 0;
      failures = 0;
      if (resume) return isFull || resume(); // a page that is looked at has taken nothing yet
      if (isOther || Date.now() - heard > 2 * heartbeat) {
        isWoken = true;
        attempt.abort();
      }
    };

    const pause = async milliseconds => {
      let timer;
      await new Promise(done => {
        resume = done;
        timer = setTimeout(done, milliseconds);
      });
      clearTimeout(timer);
      resume = null;
      isWoken = isFull = false;
    };

    const query = (more, at = cursor) => {
      const result = new URLSearchParams({ ...parameters, ...more });
      for (const channel of channels) result.append('channel', channel);
      result.append(at ? 'cursor' : 'from', at || from);
      return result;
    };

    const ask = (more, signal, at) => {
      const body = query(more, at);
      return `${body}`.length > LONGEST_URL
        ? request('/events', { signal, method: 'POST', body })
        : request('/events?' + body, { signal });
    };

    /** Settles when the attempt is over, for whatever reason. */
    const connected = async () => {
      const mine = (attempt = new AbortController());
      const { signal } = mine;
      const over = new Promise(done => signal.addEventListener('abort', done));
      let timer;
      let isOpen;

      const abort = () => mine.abort();

      const expect = (milliseconds, otherwise = abort) => {
        clearTimeout(timer);
        if (signal.aborted) return;
        heard = Date.now();
        timer = setTimeout(otherwise, milliseconds);
      };

      const expectFirstByte = () =>
        expect(firstByte, () => {
          suspicion = 2;
          abort();
        });

      const opened = () => {
        if (isOpen || signal.aborted) return;
        isOpen = true;
        failures = suspicion = 0;
        state('open');
      };

      /** Before a stream's token runs out. With a new one it goes on; without, the next attempt has one, or is refused. */
      const renew = body =>
        typeof token == 'function' && request('/token', { method: 'POST', body, signal }, true).catch(abort);

      const stopIfFull = () => {
        if (queue.length < buffer) return;
        isWoken = true; // if it is all taken by then
        abort();
      };

      /** Takes what the server says. An answer that is complete has all that there is. */
      const receive = (item, isComplete) => {
        if (signal.aborted) return;
        const { type, channel, reason, seq, cursor: next } = item;
        if (type == 'expiring') {
          renew(new URLSearchParams({ connection: item.connection }));
        } else if (type == 'close') {
          // Another has this member's place. To come back would take it away again, and so on.
          if (reason == 'replaced') end(Error(reason));
          return abort();
        } else if (type == 'open') {
          retry = item.retry || retry;
          opened();
        } else {
          if (!queue.length) taken = cursor;
          const first = seq ?? item.from;
          const last = seq ?? item.to;
          if (reason == 'reset') {
            if (resets.get(channel) == next) return;
            resets.set(channel, next);
          } else if (first) {
            const due = (seen.get(channel) ?? first - 1) + 1;
            if (last < due) return;
            if (first > due) {
              if (!isComplete) {
                suspicion = 1;
                return abort();
              }
              queue.push({ type: 'gap', channel, reason: 'lost', from: due, to: first - 1, cursor });
            }
          }
          if (last != null) seen.set(channel, last);
          queue.push(item);
          notify();
        }
        cursor = next || cursor;
        if (!isComplete) stopIfFull();
      };

      const look = async (wait, at) => (await ask({ as: 'poll', wait }, signal, at)).json();

      /** Takes a poll's answer; returns what was in it. */
      const take = ({ gaps, messages, cursor: next }) => {
        const items = [...gaps, ...messages];
        for (const item of items) receive(item, true);
        if (!signal.aborted) cursor = next;
        stopIfFull();
        return items;
      };

      const poll = async wait => {
        expect(wait * 1000 + 2 * heartbeat);
        return take(await look(wait));
      };

      const run = {
        async share() {
          expectFirstByte();
          const { share } = await import('./comet-share.js');
          await share({
            url, options, parameters, channels, seen, buffer, heartbeat, signal, // prettier-ignore
            over, expect, receive, state, opened, look, poll, // prettier-ignore
            alone: () => connect(url, { ...options, shareTabs: false, signal }),
          });
        },

        async poll() {
          let since;
          opened();
          do {
            since = Date.now();
            // Nothing, and long before its time: whoever answers so would be asked without end.
          } while (((await poll(pollWait)).length || Date.now() - since > 1000) && !signal.aborted);
        },

        async stream() {
          expectFirstByte();
          const { body } = await ask({ as: 'ndjson' }, signal);
          const reader = body.pipeThrough(new TextDecoderStream()).getReader();
          let rest = '';
          for (;;) {
            const { value, done } = await reader.read();
            if (done) break;
            expect(2 * heartbeat);
            const lines = (rest + value).split('\n');
            rest = lines.pop();
            for (const line of lines) if (line) receive(JSON.parse(line));
          }
        },

        async sse() {
          expectFirstByte();
          const access_token = await bearer(false);
          if (signal.aborted) return;
          await new Promise((resolve, reject) => {
            const source = new EventSource(
              base + '/events?' + query({ as: 'sse', envelope: true, ...(access_token && { access_token }) }),
              { withCredentials: credentials == 'include' },
            );
            let shown = 0;
            const listen = milliseconds => expect(milliseconds, () => check().catch(reject));
            /** Is there nothing, or is it held back? */
            const check = async () => {
              const before = shown;
              expect(2 * heartbeat);
              const answer = await look(0);
              if (shown > before) return; // it is ahead of the answer
              listen(2 * heartbeat);
              if (take(answer).length) {
                if (!shown) suspicion = 2;
                abort();
              }
            };
            for (const name of EVENTS) {
              source.addEventListener(name, ({ type, data }) => {
                shown++;
                listen(2 * heartbeat);
                receive({ type, ...JSON.parse(data) });
              });
            }
            signal.addEventListener('abort', () => source.close());
            source.onopen = () => {
              listen(firstByte); // headers may pass a proxy that holds back the rest
              opened();
            };
            // It would come back by itself, with the cursor of its URL: an old one.
            source.onerror = () => reject(Error('EventSource failed'));
          });
        },
      };

      const work = async () => {
        const way = ways[transport];
        if (suspicion || (way == 'share' ? !cursor : way != 'stream')) {
          // Polls too need a cursor before they wait: what came meanwhile would be lost with the first one.
          await poll(0);
          if (suspicion > 1) {
            // The server can be reached, and still this transport has failed.
            suspicion = 0;
            if (ways[transport + 1]) transport++;
          }
        }
        await run[ways[transport]]().catch(error => {
          if (!isOpen && !signal.aborted) suspicion++;
          throw error;
        });
      };

      state('connecting');
      try {
        // Whatever hangs, an application's token() too, hangs alone.
        await Promise.race([work(), over]);
      } finally {
        clearTimeout(timer);
        abort();
      }
    };

    const loop = async () => {
      while (!ended) {
        const error = await connected().catch(e => e);
        if (error?.final) end(error);
        if (ended) break;
        if (queue.length >= buffer) {
          isFull = true;
          state('paused');
          await pause(FOR_EVER);
        } else {
          const backoff = Math.random() * Math.min(LONGEST_PAUSE, retry * 2 ** failures++);
          const delay = isWoken ? 0 : backoff + (error?.retryAfter || 0);
          state('waiting', { delay, error });
          await pause(delay);
        }
      }
    };

    const subscription = {
      on: events.on,
      close: () => end(),
      get cursor() {
        return queue.length ? taken : cursor;
      },
      [Symbol.asyncIterator]: () => subscription,
      async next() {
        for (;;) {
          const item = queue.shift();
          if (item) {
            taken = item.cursor || taken;
            if (isFull && !queue.length) resume();
            if (item.type != 'gap') return { value: item, done: false };
            events.emit('gap', item, subscription);
          } else if (ended) {
            const error = failure;
            failure = 0;
            if (error) throw error;
            return { done: true };
          } else {
            await new Promise(done => takers.push(done));
          }
        }
      },
      async return() {
        end();
        return { done: true };
      },
    };

    for (const type of ['online', 'pageshow', 'visibilitychange']) {
      globalThis.addEventListener?.(type, wake, { signal: ownLife.signal });
    }
    loop();
    for (const s of [life.signal, ownSignal]) {
      if (s?.aborted) end();
      s?.addEventListener('abort', () => end(), { signal: ownLife.signal });
    }
    return subscription;
  };

  const publish = async (channel, data, { type, attributes = {}, signal } = {}) => {
    const isText = typeof data == 'string';
    const headers = { 'Content-Type': isText ? 'text/plain' : 'application/json' };
    if (type) headers['X-Comet-Type'] = type;
    for (const name in attributes) {
      // Headers are Latin-1 to browsers; the server reads them as UTF-8.
      headers['X-Comet-Attribute-' + name] = String.fromCharCode(...new TextEncoder().encode(attributes[name]));
    }
    const body = isText ? data : JSON.stringify(data);
    const path = '/channels/' + encodeURIComponent(channel);
    return (await request(path, { method: 'POST', headers, body, signal })).json();
  };

  if (signal?.aborted) close();
  signal?.addEventListener('abort', close);
  return { subscribe, publish, close, on: all.on };
};
