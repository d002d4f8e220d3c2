// What is between the page and the server: fetch and EventSource over pipes that are slow, break, freeze, repeat and hold back.
const ENCODER = new TextEncoder();

const page = { run: action => action(), isAlive: true };

export class Network {
  pipes = new Set();
  /** Whether requests reach the server at all. */
  isUp = true;
  /** A proxy hands on nothing of an answer before its end: 'all', or 'body' when headers pass. */
  buffers = '';
  delay = () => 10;
  /** Whether the next frame comes twice. */
  repeats = () => false;

  constructor(clock, server) {
    Object.assign(this, { clock, server });
  }

  /** Calls `on.head(status, headers)`, `on.chunk(text)`, `on.end()` and `on.error()`, in order; returns the pipe. */
  open(request, on, tab = page) {
    const { buffers } = this; // a proxy does not change its mind in the middle
    const pipe = { isFrozen: false, last: 0, held: [], tab };
    this.pipes.add(pipe);
    const deliver = (what, ...values) => {
      pipe.last = Math.max(pipe.last, this.clock.now + this.delay());
      this.clock.after(pipe.last - this.clock.now, () => {
        if (pipe.isFrozen) return;
        tab.run(() => {
          if (!this.pipes.has(pipe)) return;
          if (what == 'end' || what == 'error') this.pipes.delete(pipe);
          on[what](...values);
        });
      });
    };
    const pass = (what, ...values) => {
      if (what == 'end') {
        for (const held of pipe.held.splice(0)) deliver(...held);
      } else if (buffers == 'all' || (buffers && what != 'head')) {
        return pipe.held.push([what, ...values]);
      }
      deliver(what, ...values);
    };
    const reply = {
      head: (status, headers) => pass('head', status, headers),
      send: text => {
        pass('chunk', text);
        if (this.repeats()) pass('chunk', text);
      },
      end: () => pass('end'),
      onclose: () => {},
    };
    pipe.cut = () => {
      deliver('error');
      reply.onclose();
    };
    pipe.leave = () => {
      this.pipes.delete(pipe);
      reply.onclose();
    };
    if (!tab.isAlive) this.pipes.delete(pipe);
    this.clock.after(this.delay(), () => {
      if (!this.pipes.has(pipe)) return;
      if (this.isUp) this.server.handle(request, reply);
      else deliver('error');
    });
    return pipe;
  }

  cutAll() {
    for (const pipe of [...this.pipes]) pipe.cut();
  }

  freezeAll() {
    for (const pipe of this.pipes) pipe.isFrozen = true;
  }

  install() {
    this.before = { fetch: globalThis.fetch, EventSource: globalThis.EventSource };
    Object.assign(globalThis, this.of(page));
    return this;
  }

  /** What a tab has of it. */
  of(tab) {
    const network = this;
    return {
      fetch: (url, init) => this.fetch(url, init, tab),
      EventSource: class extends FakeEventSource {
        constructor(url, init) {
          super(network, url, init, tab);
        }
      },
    };
  }

  restore() {
    Object.assign(globalThis, this.before);
  }

  fetch(url, { method = 'GET', headers = {}, body, signal } = {}, tab) {
    return new Promise((resolve, reject) => {
      let controller;
      const fail = error => {
        reject(error);
        try {
          controller?.error(error);
        } catch {
          // it has ended
        }
      };
      if (signal?.aborted) return fail(signal.reason);
      const lower = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]));
      const pipe = this.open(
        { method, url, headers: lower, body: body?.toString() },
        {
          head: (status, headers) => {
            const stream = new ReadableStream({
              start: c => {
                controller = c;
              },
              cancel: () => pipe.leave(),
            });
            resolve(new Response(status == 204 ? null : stream, { status, headers }));
          },
          chunk: text => controller.enqueue(ENCODER.encode(text)),
          end: () => controller.close(),
          error: () => fail(new TypeError('network')),
        },
        tab,
      );
      signal?.addEventListener('abort', () => {
        pipe.leave();
        fail(signal.reason);
      });
    });
  }
}

/** As the standard says, but for reconnecting: the client never lets it come so far. */
class FakeEventSource {
  readyState = 0;
  #listeners = {};
  #rest = '';

  constructor(network, url, init, tab) {
    Object.assign(this, { url, init });
    this.pipe = network.open(
      { method: 'GET', url, headers: {} },
      {
        head: (status, headers) => {
          if (status != 200 || !headers['Content-Type'].startsWith('text/event-stream')) return this.#fail(2);
          this.readyState = 1;
          this.onopen?.({ type: 'open' });
        },
        chunk: text => this.#chunk(text),
        end: () => this.#fail(0),
        error: () => this.#fail(0),
      },
      tab,
    );
  }

  addEventListener(type, listener) {
    (this.#listeners[type] ??= []).push(listener);
  }

  close() {
    if (this.readyState == 2) return;
    this.readyState = 2;
    this.pipe.leave();
  }

  #fail(readyState) {
    if (this.readyState == 2) return;
    this.readyState = readyState;
    this.onerror?.({ type: 'error' });
  }

  #chunk(text) {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop();
    for (const block of blocks) {
      let type = 'message';
      const data = [];
      for (const line of block.split('\n')) {
        if (line.startsWith('event: ')) type = line.slice(7);
        if (line.startsWith('data: ')) data.push(line.slice(6));
      }
      if (!data.length || this.readyState == 2) continue;
      const event = { type, data: data.join('\n') };
      if (type == 'message') this.onmessage?.(event);
      for (const listener of this.#listeners[type] ?? []) listener(event);
    }
  }
}
