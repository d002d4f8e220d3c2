// Drop-in for icomet.js: new iComet({channel, signUrl, subUrl, pubUrl, callback(content, type), sub_timeout}) starts by itself;
// start(), stop(), pub(content, callback). EventSource where there is one, or else JSONP.
{
  let count = 0;
  const RETRY = 3000;

  window.iComet = function (config) {
    const self = this;
    const at = name => config[name + 'Url'] || config[name + '_url'];
    // A server that says nothing for so long, not even noop, is gone.
    const silence = config.sub_timeout || 60000;
    let timer;
    let end = () => {};
    let next = 0; // the number of the next message, as the server counts
    let noop = 0;
    let token = '';

    self.cname = config.channel;
    self.stopped = true;

    const address = (url, parameters) =>
      url + (url.includes('?') ? '&' : '?') + new URLSearchParams({ cname: self.cname, ...parameters });

    // JSONP. Returns how to end it.
    const jsonp = (url, parameters, take, failed) => {
      const cb = 'icomet_cb_' + count++;
      const script = document.createElement('script');
      let answer;
      window[cb] = value => {
        answer = value;
      };
      script.onload = script.onerror = () => {
        delete window[cb];
        script.remove();
        answer ? take(answer) : failed?.();
      };
      script.src = address(url, { ...parameters, cb });
      document.head.append(script);
      return () => {
        script.onload = script.onerror = null;
        window[cb] = () => {}; // an answer that is late finds nobody in: it is asked for again
        script.remove();
      };
    };

    const expect = what => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        end();
        what();
      }, silence * 1.3);
    };

    const later = (what, milliseconds) => {
      end();
      clearTimeout(timer);
      timer = setTimeout(what, milliseconds);
    };

    // Takes one message, or several. Returns whether the connection may go on.
    const take = answer =>
      [].concat(answer).every(({ type, seq, content }) => {
        if (self.stopped) return false;
        if (type == 'data' || type == 'broadcast') {
          // 0 and 1: the server was restarted, and counts anew.
          if (seq < next && seq > 1) return true;
          next = seq + 1;
          try {
            config.callback?.(content, type);
          } catch (e) {
            console.error(e);
          }
        } else if (type == 'noop') {
          if (seq == noop) noop++;
        } else if (type == 'next_seq') {
          const restarted = seq < next;
          // Whatever it has by now is new.
          next = restarted ? 1 : seq;
          if (restarted) later(subscribe, 0);
          return !restarted;
        } else {
          // close, 401, 429: it may be possible later, with another token.
          later(begin, RETRY);
          return false;
        }
        return !self.stopped;
      });

    const subscribe = () => {
      const url = at('sub');
      const parameters = { seq: next, noop, token };
      const failed = () => later(subscribe, RETRY);
      expect(subscribe);
      if (window.EventSource) {
        const source = new EventSource(address(url.replace(/\/sub(?=\?|$)/, '/sse'), parameters));
        end = () => source.close();
        source.onmessage = event => {
          expect(subscribe);
          take(JSON.parse(event.data));
        };
        // By itself it would ask for what its url says, again.
        source.onerror = failed;
      } else {
        parameters._ = Date.now();
        end = jsonp(url, parameters, answer => take(answer) && later(subscribe, 0), failed);
      }
    };

    const begin = () => {
      const url = at('sign');
      if (!url) return subscribe();
      const failed = () => later(begin, RETRY);
      expect(begin);
      end = jsonp(
        url,
        {},
        answer => {
          if (answer.type != 'sign') return failed();
          token = answer.token;
          // Whoever comes first gets what there is; who comes back knows where it was.
          next ||= answer.seq;
          subscribe();
        },
        failed,
      );
    };

    self.start = () => {
      if (!self.stopped) return;
      self.stopped = false;
      begin();
    };

    self.stop = () => {
      self.stopped = true;
      end();
      clearTimeout(timer);
    };

    self.pub = (content, callback) => jsonp(at('pub'), { content }, answer => callback?.(answer));

    self.start();
  };
}
