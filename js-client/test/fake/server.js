// The native endpoint of docs/native.md, as far as the client uses it. Synchronous: what it sends, it sends now.
const hex = n => n.toString(16).padStart(8, '0');

export class Server {
  channels = new Map();
  connections = new Set();
  requests = [];
  published = [];
  history = 10;
  heartbeat = 15_000;
  retry = 1_000;
  /** How much a poll brings at once. */
  piece = Infinity;
  #epochs = 0;
  #ids = 0;

  constructor(clock) {
    this.clock = clock;
    /** May refuse: (request) → {status, body, headers} or nothing. */
    this.guard = () => {};
  }

  channel(name) {
    if (!this.channels.has(name)) this.channels.set(name, { name, epoch: hex(++this.#epochs), next: 1, kept: [] });
    return this.channels.get(name);
  }

  publish(name, data, { type = 'message', attributes } = {}) {
    const channel = this.channel(name);
    const m = { channel: name, seq: channel.next++, id: ++this.#ids, time: this.clock.now, type, data };
    if (attributes) m.attributes = attributes;
    channel.kept.push(m);
    if (channel.kept.length > this.history) channel.kept.shift();
    this.published.push({ ...m, epoch: channel.epoch });
    for (const connection of [...this.connections]) connection.drain();
    return m;
  }

  /** Somebody came or left. */
  tell(type, channel, member) {
    for (const connection of this.connections) connection.tell({ type, channel, member, time: this.clock.now });
  }

  /** History is in memory: every channel begins a new life. */
  restart() {
    for (const connection of [...this.connections]) connection.close('shutdown');
    this.channels.clear();
  }

  end(reason) {
    for (const connection of [...this.connections]) connection.close(reason);
  }

  /** The tokens of all held streams run out soon. */
  expire() {
    for (const connection of this.connections) {
      connection.tell({ type: 'expiring', connection: connection.id, time: this.clock.now + 30_000 });
    }
  }

  /** Answers through `reply.head(status, headers)`, `reply.send(text)` and `reply.end()`. */
  handle({ method, url, headers, body }, reply) {
    const { pathname, searchParams } = new URL(url, 'http://comet.test');
    const query = method == 'POST' && !pathname.includes('/channels/') ? new URLSearchParams(body) : searchParams;
    const request = { method, path: pathname, query, headers, body };
    this.requests.push(request);
    const refused = this.guard(request);
    if (refused) {
      reply.head(refused.status, { 'Content-Type': 'application/problem+json', ...refused.headers });
      reply.send(JSON.stringify({ status: refused.status, title: 'no', detail: refused.detail ?? 'not allowed' }));
      return reply.end();
    }
    if (pathname.endsWith('/events')) return new Connection(this, query, reply).start();
    if (pathname.endsWith('/token')) {
      const isHeld = [...this.connections].some(({ id }) => id == query.get('connection'));
      reply.head(isHeld ? 204 : 404, {});
      return reply.end();
    }
    const m = this.publish(
      decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1)),
      headers['content-type'] == 'application/json' ? JSON.parse(body) : body,
      { type: headers['x-comet-type'] },
    );
    reply.head(201, { 'Content-Type': 'application/json' });
    reply.send(JSON.stringify({ channel: m.channel, seq: m.seq, id: m.id, time: m.time }));
    return reply.end();
  }
}

class Connection {
  constructor(server, query, reply) {
    Object.assign(this, { server, query, reply, id: `connection-${server.requests.length}` });
    this.as = query.get('as');
    this.channels = query.getAll('channel');
    this.places = this.parse(query.get('cursor'));
    const from = query.get('from') ?? 'latest';
    for (const name of this.channels) {
      const { epoch, next, kept } = server.channel(name);
      const count = from == 'latest' ? 0 : from == 'oldest' ? kept.length : Math.min(+from, kept.length);
      this.places[name] ??= { epoch, next: next - count };
    }
  }

  get cursor() {
    const { places, channels } = this;
    if (channels.length == 1) return `${places[channels[0]].epoch}.${places[channels[0]].next}`;
    const own = Object.fromEntries(channels.map(name => [name, places[name]]));
    return 'A' + Buffer.from(JSON.stringify(own)).toString('base64url');
  }

  parse(cursor) {
    if (!cursor) return {};
    if (cursor[0] == 'A') return JSON.parse(Buffer.from(cursor.slice(1), 'base64url'));
    const [epoch, next] = cursor.split('.');
    // It names no channel: it speaks of the only one, or of that with its epoch.
    const [only, other] = this.channels;
    const name = other ? this.channels.find(name => this.server.channel(name).epoch == epoch) : only;
    return name ? { [name]: { epoch, next: +next } } : {};
  }

  /** What there is now, in the order of the ids. Moves the cursor. */
  *read() {
    for (;;) {
      let soonest;
      for (const name of this.channels) {
        const { epoch, next, kept } = this.server.channel(name);
        const place = this.places[name];
        const oldest = next - kept.length;
        if (place.epoch != epoch) {
          Object.assign(place, { epoch, next: oldest });
          yield { type: 'gap', channel: name, reason: 'reset', to: oldest - 1, cursor: this.cursor };
        } else if (place.next < oldest) {
          const from = place.next;
          place.next = oldest;
          yield { type: 'gap', channel: name, reason: 'lapped', from, to: oldest - 1, cursor: this.cursor };
        }
        const m = kept[place.next - oldest];
        if (m && !(m.id > soonest?.id)) soonest = m;
      }
      if (!soonest) return;
      this.places[soonest.channel].next++;
      yield { ...soonest, cursor: this.cursor };
    }
  }

  start() {
    const { server, reply } = this;
    const retry = server.retry;
    const types = { sse: 'text/event-stream', ndjson: 'application/x-ndjson', poll: 'application/json' };
    reply.head(200, { 'Content-Type': types[this.as] });
    if (this.as == 'sse') reply.send(`retry: ${retry}\nid: ${this.cursor}\n\n`);
    if (this.as == 'ndjson') reply.send(JSON.stringify({ type: 'open', cursor: this.cursor, retry, connection: this.id }) + '\n');
    server.connections.add(this);
    reply.onclose = () => this.gone();
    if (this.as == 'poll') {
      this.timer = server.clock.after(+this.query.get('wait') * 1000, () => this.answer());
    } else {
      this.beat();
    }
    this.drain();
    if (this.as == 'poll' && this.query.get('wait') == '0') this.answer();
  }

  beat() {
    this.timer = this.server.clock.after(this.server.heartbeat, () => {
      this.reply.send(this.as == 'sse' ? ':\n\n' : '\n');
      this.beat();
    });
  }

  drain() {
    if (this.as == 'poll') {
      const { places } = this;
      this.places = structuredClone(places);
      if ([...this.read()].length) {
        this.places = places;
        this.answer();
      }
      return;
    }
    for (const item of this.read()) this.tell(item);
  }

  tell(item) {
    if (this.as == 'ndjson') this.reply.send(JSON.stringify(item) + '\n');
    if (this.as == 'sse') {
      const event = item.seq ? '' : `event: ${item.type}\n`; // the type of a message is in the object
      this.reply.send(`${item.cursor ? `id: ${item.cursor}\n` : ''}${event}data: ${JSON.stringify(item)}\n\n`);
    }
  }

  answer() {
    if (!this.server.connections.has(this)) return;
    this.gone();
    const items = [];
    for (const item of this.read()) if (items.push(item) >= this.server.piece) break;
    this.reply.send(
      JSON.stringify({
        cursor: this.cursor,
        gaps: items.filter(i => i.type == 'gap'),
        messages: items.filter(i => i.type != 'gap'),
      }),
    );
    this.reply.end();
  }

  close(reason) {
    if (this.as == 'poll') return this.answer();
    this.reply.send(
      this.as == 'sse'
        ? `event: close\ndata: ${JSON.stringify({ reason })}\n\n`
        : JSON.stringify({ type: 'close', reason }) + '\n',
    );
    this.gone();
    this.reply.end();
  }

  gone() {
    this.server.clock.cancel(this.timer);
    this.server.connections.delete(this);
  }
}
