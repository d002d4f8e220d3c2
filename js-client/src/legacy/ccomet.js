// Drop-in for ccomet.js: new CComet({channel, sname, sign_url, sub_url, pub_url, callback}). It signs, then polls by itself.
// The urls end where the client appends: …&seqid= and …&msg=.
{
  let count = 0;

  window.CComet = function (config) {
    const self = this;
    self.seqid = 0;
    self.callback = config.callback;

    // Hands on the array that the server's string holds; or nothing, when there was no answer.
    const ask = (url, then) => {
      const name = 'ccomet_' + count++;
      const script = document.createElement('script');
      let items;
      const done = event => {
        clearTimeout(timer);
        script.onload = script.onerror = null;
        if (event) delete window[name];
        else window[name] = () => {}; // an answer that is late finds nobody in: it is asked for again
        script.remove();
        then?.(items);
      };
      const timer = setTimeout(done, 40000); // the server holds 30 s
      window[name] = text => {
        items = JSON.parse(text);
      };
      script.onload = script.onerror = done;
      script.src = url + '&callback=' + name;
      document.head.append(script);
    };

    self.sign = () =>
      ask(config.sign_url, items => (items?.[0].type == 'sign in' ? self.sub() : setTimeout(self.sign, 5000)));

    self.sub = () =>
      ask(config.sub_url + self.seqid, items => {
        // Nothing at all: the time was over, or another page took the name; these two would push each other out in turn.
        let pause = items ? (items.length ? 0 : 1000) : 5000;
        for (const item of items || []) {
          if (item.type == 403) {
            self.seqid = 0; // beyond the end: the server was restarted
          } else if (item.seqid == null) {
            pause = 5000;
          } else if (item.type == 'SIGN' || item.seqid >= self.seqid) {
            if (item.type != 'SIGN') self.seqid = +item.seqid + 1;
            try {
              self.callback(item);
            } catch (e) {
              console.error(e);
            }
          }
        }
        setTimeout(self.sub, pause);
      });

    self.pub = content => ask(config.pub_url + encodeURIComponent(content));

    self.sign();
  };
}
