// The same room over the protocols of the older servers, by the drop-ins for their clients. Each has
//   open(room, me, receive): begins; receive(data, wire) takes what somebody publishes, with what the wire says of it. Resolves to
//     what was published before, as far as it does not come by itself: pairs of these two,
//   publish(room, payload): by its own way, as far as a browser has one.
// The drop-ins cannot be stopped, all but two, so a page has one of them for its life.
import { ask } from './dom.js';

// A page is loading as long as a script is that was asked for before it was loaded; and some of these wait for half a minute.
const loaded = new Promise(done => (document.readyState == 'complete' ? done() : addEventListener('load', done)));

const script = async name => {
  await loaded;
  await new Promise((done, failed) => {
    const element = document.createElement('script');
    element.src = `/webjars/comet/${name}.js`;
    element.onload = done;
    element.onerror = () => failed(Error(`${element.src} could not be loaded.`));
    document.head.append(element);
  });
};

const icomet = () => {
  let client;
  return {
    async open(room, me, receive) {
      await script('icomet');
      // Without a sign, which is for a server to make, it begins with what comes next. What was before, the first poll has.
      client = new iComet({
        channel: room,
        subUrl: '/icomet/sub',
        pubUrl: '/icomet-admin/push',
        callback: content => receive(content),
      });
      const { messages } = await ask(`/comet/events?as=poll&wait=0&from=100&channel=${room}`);
      return messages.map(m => [m.data, { sender: m.attributes?.sender, at: m.time, key: m.id }]);
    },
    publish: (room, payload) =>
      new Promise((done, failed) => {
        // Its admin mount answers to local names only; and the drop-in is silent when it is refused.
        setTimeout(failed, 2000, Error('iComet does not answer.'));
        client.pub(JSON.stringify(payload), done);
      }),
  };
};

const simpleComet = () => ({
  async open(room, me, receive) {
    await script('simple-comet');
    SimpleComet.subscribe(`/simple-comet/channels/${room}.jsonp`, reply => {
      for (const m of reply.messages?.[room] ?? []) receive(m.content, { at: m.ts * 1000, key: m.id });
    });
    SimpleComet.start();
  },
  async publish(room, payload) {
    const body = new URLSearchParams({ content: JSON.stringify(payload) });
    const answer = await ask(`/simple-comet/channels/${room}.json`, { method: 'POST', body });
    if (!(answer.return_code > 0)) throw Error(answer.error_message);
  },
});

const stardust = () => ({
  async open(room, me, receive) {
    await script('stardust');
    // A text of another protocol comes as an object around it.
    const read = ({ _ts, _ch, ...m }) => [m.type == 'message' && 'data' in m ? m.data : m, { at: _ts * 1000, key: _ts }];
    $.ev.handlers['*'] = m => receive(...read(m));
    $.ev.loop(`/stardust/channel/${room}/stream/${Math.random()}`);
    const [{ messages }] = await ask(`/stardust/channel/${room}`);
    return messages.map(read);
  },
  async publish(room, payload) {
    const answer = await fetch(`/stardust/channel/${room}`, {
      method: 'POST',
      body: new URLSearchParams({ m: JSON.stringify(payload) }),
    });
    if (!answer.ok) throw Error(await answer.text());
  },
});

const ccomet = () => {
  let client;
  return {
    async open(room, me, receive) {
      await script('ccomet');
      const query = `?channel=${room}&sname=${encodeURIComponent(me)}`;
      client = new CComet({
        sign_url: '/ccomet/sign' + query,
        sub_url: `/ccomet/subscribe${query}&seqid=`,
        pub_url: `/ccomet/publish${query}&msg=`,
        callback: item => item.type == 'MSG' && receive(item.msg, { sender: item.sname }),
      });
    },
    publish: async (room, payload) => client.pub(JSON.stringify(payload)),
  };
};

export const protocols = { icomet, 'simple-comet': simpleComet, stardust, ccomet };
