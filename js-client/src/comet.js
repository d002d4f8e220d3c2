// The native client: docs/javascript.md explains it, docs/native.md is the wire.
//
// A subscription is a loop: an attempt to be connected, a pause, the next attempt. Only the cursor, and the number of each
// channel's last message, carry over; so whatever ends an attempt (the network, a proxy, a watchdog, a buffer that is full) is
// mended in the same way: by asking again.
//
// Two things about EventSource shape what is below. It shows neither the status of an answer, nor an id without data, nor
// heartbeats: so a poll that does not wait goes before it, for status and cursor, and again whenever it is silent for too long.
// And it shows only events whose names it was told: a hole in the numbers gives the others away.

const LONGEST_PAUSE = 30_000;
const LONGEST_URL = 4_000;
const FOR_EVER = 2 ** 31 - 1;
const EVENTS = ['message', 'gap', 'close', 'expiring', 'join', 'leave'];

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

export const connect = (
  url,
  {
    token,
    transports = ['sse', 'stream', 'poll'],
    heartbeat = 15_000,
    firstByte = 5_000,
    pollWait = 25,
    retry = 2_000,
    buffer = 1_000,
    credentials = 'same-origin',
    signal,
  } = {},
) => {
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

  const subscribe = (channels, { from, signal: ownSignal, types, ...parameters } = {}) => {
    channels = [].concat(channels);
    from ||= 'latest';
    const events = emitter(all);
    const ownLife = new AbortController();
    const names = new Set([...EVENTS, ...(types || [])]);
    // Of several channels, the cursor of one's message leads past what EventSource has not shown of another.
    const ways = transports.filter(
      name => name != 'sse' || (globalThis.EventSource && (types || channels.length < 2)),
    );
    if (!ways[0]) ways.push('stream');

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
      if (resume) return resume();
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

    const query = more => {
      const result = new URLSearchParams({ ...parameters, ...more });
      for (const channel of channels) result.append('channel', channel);
      result.append(cursor ? 'cursor' : 'from', cursor || from);
      return result;
    };

    const ask = (more, signal) => {
      const body = query(more);
      return `${body}`.length > LONGEST_URL
        ? request('/events', { signal, method: 'POST', body })
        : request('/events?' + body, { signal });
    };

    /** Settles when the attempt is over, for whatever reason. */
    const connected = async () => {
      const mine = (attempt = new AbortController());
      const { signal } = mine;
      let timer;
      let isOpen;
      // EventSource only: has it show a type; and asks for what it has not shown. Nothing else is taken until that is there.
      let show;
      let check;
      let isChecking;
      let isSkipping; // something was not taken

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
        failures = 0;
        state('open');
      };

      /** Takes what the server says; true when it is news. An answer that is complete has all that there is. */
      const receive = (item, isComplete) => {
        if (signal.aborted) return;
        if (isChecking && !isComplete) {
          isSkipping = true;
          return;
        }
        const { type, channel, reason, seq, cursor: next } = item;
        if (type == 'open') {
          retry = item.retry || retry;
        } else if (type == 'close' || type == 'expiring') {
          // Another has this member's place. To come back would take it away again, and so on.
          if (reason == 'replaced') end(Error(reason));
          return abort();
        } else {
          const first = seq ?? item.from;
          const last = seq ?? item.to;
          if (reason == 'reset') {
            if (resets.get(channel) == next) return;
            resets.set(channel, next);
          } else if (first) {
            // Before the first one that EventSource shows there may have been others.
            const due = (seen.get(channel) ?? (check && !isComplete ? 0 : first - 1)) + 1;
            if (last < due) return;
            if (first > due) {
              if (!isComplete) {
                if (check) return check();
                suspicion = 1;
                return abort();
              }
              queue.push({ type: 'gap', channel, reason: 'lost', from: due, to: first - 1, cursor });
            }
          }
          if (last != null) seen.set(channel, last);
          if (!names.has(type)) show?.(type);
          names.add(type);
          queue.push(item);
          notify();
        }
        cursor = next || cursor;
        if (queue.length >= buffer && !isComplete) abort();
        return true;
      };

      /** Resolves to the number of news. */
      const poll = async wait => {
        expect(wait * 1000 + 2 * heartbeat);
        const answer = await (await ask({ as: 'poll', wait }, signal)).json();
        const news = [...answer.gaps, ...answer.messages].filter(item => receive(item, true));
        if (!signal.aborted) cursor = answer.cursor;
        return news.length;
      };

      const run = {
        async poll() {
          let since;
          opened();
          do {
            since = Date.now();
            // Nothing, and long before its time: whoever answers so would be asked without end.
          } while (((await poll(pollWait)) || Date.now() - since > 1000) && queue.length < buffer);
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
            opened();
            suspicion = 0;
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
            let isDeaf = true; // it has shown nothing yet
            const listen = milliseconds => expect(milliseconds, () => check(true));
            check = async isSilent => {
              let news = 0;
              isChecking = true;
              try {
                do {
                  isSkipping = false;
                  news += await poll(0);
                } while (isSkipping);
              } catch (error) {
                reject(error);
              }
              isChecking = false;
              listen(2 * heartbeat);
              if (isSilent && news) {
                if (isDeaf) suspicion = 2;
                abort();
              }
            };
            show = name =>
              source.addEventListener(name, ({ type, data }) => {
                if (!isChecking) listen(2 * heartbeat);
                suspicion = isDeaf = 0;
                receive({ type, ...JSON.parse(data) });
              });
            names.forEach(show);
            signal.addEventListener('abort', () => source.close());
            source.onopen = () => {
              listen(firstByte); // headers may pass a proxy that holds back the rest
              opened();
            };
            // It would come back by itself, with the cursor of its URL: an old one.
            source.onerror = () => {
              if (!isOpen) suspicion++;
              reject(Error('EventSource failed'));
            };
          });
        },
      };

      const work = async () => {
        if (suspicion || ways[transport] != 'stream') {
          // Polls too need a cursor before they wait: what came meanwhile would be lost with the first one.
          await poll(0);
          if (suspicion > 1) {
            // The server can be reached, and still this transport has failed.
            suspicion = 0;
            if (ways[transport + 1]) transport++;
          }
        }
        await run[ways[transport]]();
      };

      state('connecting');
      try {
        // Whatever hangs, an application's token() too, hangs alone.
        await Promise.race([work(), new Promise(done => signal.addEventListener('abort', done))]);
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
            return { value: undefined, done: true };
          } else {
            await new Promise(done => takers.push(done));
          }
        }
      },
      async return() {
        end();
        return { value: undefined, done: true };
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
