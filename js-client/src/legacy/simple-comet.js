// Drop-in for Simple-Comet's client: SimpleComet.subscribe(url, callback, client_id) and SimpleComet.start(), in any order.
// Each subscription has callbacks and a position of its own.
window.SimpleComet = (() => {
  let pending = []; // what waits for start()
  let count = 0;

  const read = (url, callback, client, since = 0) => {
    const name = '_JSONP_comet_' + count++;
    const script = document.createElement('script');
    let pause = 5000;
    const done = event => {
      clearTimeout(timer);
      script.onload = script.onerror = null;
      if (event) delete window[name];
      else window[name] = () => {}; // an answer that is late finds nobody in: it is asked for again
      script.remove();
      setTimeout(read, pause, url, callback, client, since);
    };
    const timer = setTimeout(done, 60000); // the server holds 30 s
    window[name] = reply => {
      if (reply.return_code > 0) pause = 100;
      since = reply.last_id ?? since;
      callback(reply);
    };
    script.onload = script.onerror = done;
    script.src =
      url + '?since=' + since + '&cb=' + name + (client ? '&client_id=' + encodeURIComponent(client) : '');
    document.head.append(script);
  };

  const subscribe = (url, callback, client) =>
    pending ? pending.push([url, callback, client]) : read(url, callback, client);

  return {
    subscribe,
    start() {
      const waiting = pending || [];
      pending = null;
      for (const subscription of waiting) subscribe(...subscription);
    },
  };
})();
