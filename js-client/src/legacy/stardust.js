// Drop-in for jquery.ev: $.ev.loop(url, handlers) polls a url for ever and hands each message to handlers[m.type], or else to
// handlers['*']. Where there is no jQuery, there is a $ for it all the same.
(window.jQuery || (window.$ ||= {})).ev = {
  handlers: {},
  run(messages) {
    for (const m of messages) {
      try {
        (this.handlers[m.type] || this.handlers['*'])?.(m);
      } catch (e) {
        console.error(e); // the others are others'
      }
    }
  },
  stop() {
    this.xhr?.abort();
    this.xhr = null;
  },
  async loop(url, handlers) {
    this.stop();
    const mine = (this.xhr = new AbortController());
    this.url = url;
    this.handlers = handlers || this.handlers;
    while (mine == this.xhr) {
      let pause = 5000;
      try {
        const answer = await fetch(this.url, { signal: mine.signal, cache: 'no-store' });
        const messages = await answer.json();
        if (answer.ok && mine == this.xhr) {
          pause = 100;
          this.run(messages);
        }
      } catch {
        // the next one may succeed
      }
      await new Promise(done => setTimeout(done, pause));
    }
  },
};
