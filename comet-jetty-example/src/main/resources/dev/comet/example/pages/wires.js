// What the debugger knows of the protocols: how each is asked, how an answer falls into frames, and what a frame says. No client of
// ours is in between, so that what is shown is what came.

const LONGEST_REST = 1 << 20;

// ---------------------------------------------------------------- transports: url → frames, as they arrive

const refused = async response => {
  const text = await response.text();
  throw Object.assign(Error(`${response.status} ${text.slice(0, 500)}`), { isFinal: response.status < 500 });
};

/** A response that goes on: a frame ends with the separator. */
const streamed = separator =>
  async function* (url, signal) {
    const response = await fetch(url, { signal, cache: 'no-store' });
    if (!response.ok) await refused(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const frames = (rest + value).split(separator);
      rest = frames.pop();
      for (const frame of frames) yield frame + separator;
      if (rest.length > LONGEST_REST) throw Error('a frame without an end');
    }
    if (rest) yield rest;
  };

/** A response that is one frame. */
async function* whole(url, signal) {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (!response.ok) await refused(response);
  yield await response.text();
}

const EVENTS = ['message', 'open', 'gap', 'close', 'expiring', 'join', 'leave', 'greeting', 'alert', 'chat'];

/** What EventSource shows of it: the fields, not the bytes; and only the types that it was told. */
async function* eventSource(url, signal) {
  const frames = [];
  let wake;
  let failure;
  const source = new EventSource(url);
  for (const name of EVENTS) {
    source.addEventListener(name, ({ type, data, lastEventId }) => {
      if (data == null) return;
      frames.push(`${lastEventId && `id: ${lastEventId}\n`}event: ${type}\n${data.replace(/^/gm, 'data: ')}\n\n`);
      wake?.();
    });
  }
  source.onerror = () => {
    failure = Error('EventSource failed, and says no more than that');
    wake?.();
  };
  signal.addEventListener('abort', () => wake?.());
  try {
    while (!signal.aborted) {
      if (frames.length) yield frames.shift();
      else if (failure) throw failure;
      else await new Promise(done => (wake = done));
    }
  } finally {
    source.close();
  }
}

let calls = 0;

/** A script that calls a function of ours: what is shown is the call. */
const script = (parameter, prefix) =>
  async function* (url, signal) {
    const name = prefix + ++calls;
    const element = document.createElement('script');
    try {
      yield await new Promise((done, failed) => {
        let frame = '';
        window[name] = (...values) => (frame = `${name}(${values.map(v => JSON.stringify(v)).join(', ')});`);
        element.onload = () => (frame ? done(frame) : failed(Error('The script has called nothing.')));
        element.onerror = () => failed(Error('The script was refused: a script tag is not told why.'));
        signal.addEventListener('abort', () => failed(signal.reason));
        element.src = url + (url.includes('?') ? '&' : '?') + new URLSearchParams({ [parameter]: name });
        document.head.append(element);
      });
    } finally {
      element.remove();
      if (signal.aborted) window[name] = () => {}; // it may still come
      else delete window[name];
    }
  };

// ---------------------------------------------------------------- frames → what they say

/** The fields of an event. */
const fields = frame => {
  const event = { type: 'message' };
  for (const line of frame.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (name == 'data') event.data = event.data == null ? value : event.data + '\n' + value;
    else if (name == 'event') event.type = value;
    else event[name] = value;
  }
  return event;
};

const item = ({ type, channel, seq, time, data, cursor, ...more }) => ({ type, channel, seq, time, data, cursor, more });

const nativeBare = frame => {
  const { type, data, id, retry } = fields(frame);
  if (data == null) return id || retry ? [{ type: 'open', cursor: id, more: { retry } }] : [{ type: 'heartbeat' }];
  const isAbout = ['gap', 'close', 'join', 'leave', 'expiring'].includes(type);
  return [isAbout ? item({ type, cursor: id, ...JSON.parse(data) }) : { type, data, cursor: id }];
};

const nativeEnvelope = frame => {
  const { type, data, id } = fields(frame);
  return data == null ? nativeBare(frame) : [item({ type, cursor: id, ...JSON.parse(data) })];
};

const nativeLine = frame => (frame.trim() ? [item(JSON.parse(frame))] : [{ type: 'heartbeat' }]);

const nativePoll = frame => {
  const { cursor, gaps, messages } = JSON.parse(frame);
  const items = [...gaps, ...messages].map(item);
  return items.length ? items : [{ type: 'nothing', cursor }];
};

const icometItems = json =>
  [].concat(JSON.parse(json)).map(({ type, cname, seq, content }) => ({
    type,
    channel: cname,
    seq: type == 'data' || type == 'broadcast' ? seq : undefined,
    data: content,
    cursor: type == 'data' || type == 'broadcast' ? seq + 1 : type == 'next_seq' ? seq : undefined,
  }));

/** The object or array within: between the brackets of a call, or all of it. */
const within = frame => /[[{][^]*[\]}]/.exec(frame)?.[0];
const icomet = frame =>
  /^\s*</.test(frame) && !frame.includes('.icomet_cb(') ? [{ type: 'prologue' }] : icometItems(within(frame));
const icometEvent = frame => {
  const { data } = fields(frame);
  return data ? icometItems(data) : [{ type: 'heartbeat' }];
};

const simpleComet = frame => {
  const { messages, last_id, return_code, error_message } = JSON.parse(within(frame));
  if (return_code < 1) throw Error(`${return_code}: ${error_message}`);
  const items = Object.entries(messages ?? {}).flatMap(([channel, list]) =>
    list.map(({ content, id, ts }) => ({ type: 'message', channel, data: content, seconds: ts, cursor: last_id, more: { id } })),
  );
  return items.length ? items : [{ type: 'nothing', cursor: last_id }];
};

const stardust = frame => {
  const items = JSON.parse(frame).map(({ _ts, _ch, ...data }) => ({
    type: data.type ?? 'message',
    channel: _ch,
    time: _ts * 1000,
    data: data.type == 'message' && 'data' in data ? data.data : data,
  }));
  return items.length ? items : [{ type: 'nothing' }];
};

const ESCAPES = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** The string that the call has as its argument, as JavaScript writes it. */
const argument = frame =>
  /\((['"])([^]*)\1\)/
    .exec(frame)[2]
    .replace(/\\(?:u([\da-f]{4})|([^]))/gi, (_, code, c) => (code ? String.fromCharCode(parseInt(code, 16)) : (ESCAPES[c] ?? c)));

const ccomet = frame => {
  const items = JSON.parse(argument(frame)).map(({ type, msg, sname, seqid, channel }) => {
    if (type == 403) return { type: 'beyond the end', cursor: 0 };
    if (type != 'MSG') return { type, channel, more: { sname } };
    return { type, channel, seq: +seqid, data: msg, cursor: +seqid + 1, more: { sname } };
  });
  return items.length ? items : [{ type: 'nothing' }];
};

// ---------------------------------------------------------------- the protocols

const query = pairs => new URLSearchParams(pairs.filter(([, value]) => value !== '' && value != null)).toString();
const session = Math.random();

const native = (as, more = []) => (channels, cursor) => {
  const isFrom = /^(latest|oldest|\d+)?$/.test(cursor);
  return '/comet/events?' + query([...channels.map(c => ['channel', c]), ['as', as], [isFrom ? 'from' : 'cursor', cursor], ...more]);
};
const icometAt = path => ([channel], cursor) => `/icomet/${path}?` + query([['cname', channel], ['seq', cursor || 0]]);
const simpleAt = suffix => (channels, cursor) =>
  `/simple-comet/channels/${channels.map(encodeURIComponent).join('%7C')}.${suffix}?since=${encodeURIComponent(cursor || 0)}`;
const ccometAt = more => ([channel], cursor) =>
  '/ccomet/subscribe?' + query([['channel', channel], ['sname', `debugger${session}`], ['seqid', cursor || 0], ...more]);

/** Protocol → what its cursor is called, where it begins, and its transports: how to ask, to cut into frames, to read a frame. */
export const wires = {
  native: {
    title: 'Comet',
    cursor: 'cursor, latest, oldest, or 10',
    from: '10',
    transports: {
      sse: { title: 'Server-Sent Events', url: native('sse'), frames: streamed('\n\n'), read: (f, several) => (several ? nativeEnvelope : nativeBare)(f) },
      envelope: { title: 'Server-Sent Events with envelope', url: native('sse', [['envelope', true]]), frames: streamed('\n\n'), read: nativeEnvelope },
      eventsource: { title: 'EventSource', url: native('sse', [['envelope', true]]), frames: eventSource, read: nativeEnvelope },
      ndjson: { title: 'stream of JSON lines', url: native('ndjson'), frames: streamed('\n'), read: nativeLine },
      poll: { title: 'long-polling', url: native('poll'), frames: whole, read: nativePoll },
    },
  },
  icomet: {
    title: 'iComet',
    cursor: 'seq',
    from: '1',
    transports: {
      sub: { title: 'long-polling', url: icometAt('sub'), frames: whole, read: icomet },
      poll: { title: 'long-polling, by script', url: icometAt('poll'), frames: script('cb', 'icomet_'), read: icomet },
      stream: { title: 'stream', url: icometAt('stream'), frames: streamed('\n'), read: icomet },
      sse: { title: 'Server-Sent Events', url: icometAt('sse'), frames: streamed('\n\n'), read: icometEvent },
      eventsource: { title: 'EventSource', url: icometAt('sse'), frames: eventSource, read: icometEvent },
      iframe: { title: 'for-ever iframe', url: icometAt('iframe'), frames: streamed('</script>'), read: icomet },
    },
  },
  'simple-comet': {
    title: 'Simple-Comet',
    cursor: 'since',
    from: '0',
    transports: {
      json: { title: 'long-polling', url: simpleAt('json'), frames: whole, read: simpleComet },
      jsonp: { title: 'long-polling, by script', url: simpleAt('jsonp'), frames: script('cb', '_JSONP_'), read: simpleComet },
    },
  },
  stardust: {
    title: 'Stardust',
    cursor: 'none on this wire',
    from: '',
    transports: {
      stream: { title: 'long-polling', url: channels => `/stardust/channel/${channels.join('+')}/stream/${session}`, frames: whole, read: stardust },
    },
  },
  ccomet: {
    title: 'CComet',
    cursor: 'seqid',
    from: '0',
    transports: {
      subscribe: { title: 'long-polling', url: ccometAt([['callback', 'cb']]), frames: whole, read: ccomet },
      script: { title: 'long-polling, by script', url: ccometAt([]), frames: script('callback', 'ccomet_'), read: ccomet },
    },
  },
};
