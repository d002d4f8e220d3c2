// One connection for all tabs of a browser: what comet.js loads for `shareTabs`, and uses like a transport.
//
// Each attempt of each subscription, in each tab, follows the stream of one leader: the attempt that has a Web Lock. The leader
// holds the only connection, to all channels that are asked for, and hands on what it brings over a BroadcastChannel; its own
// subscription hears it there too, like all others. Its stream has a name; another leader, or another set of channels, is another
// stream. A lock of each follower tells the leader whose channels are no longer wanted.
//
// Why nothing is lost or doubled, when a tab joins, when a leader goes, when the channels change: these are one case. To follow
// a stream is to attach, then to read, from a place of one's own; nothing that a follower knows depends on what another one
// knew. It asks the leader, who answers, once the connection is open, with the stream's place P. Whatever the stream brings
// after P is kept from then on. Then the follower polls, without waiting, in turns:
//
//   1. from P. This moves nothing: it is what the stream is still to bring, as far as it is there.
//   2. from its own cursor C. This goes to the application, like every poll.
//
// Answers are in the order of the hub's ids, and large ones come in pieces. So 1 is done when it is empty, or has come to what 2 began
// with: then it has all that is between P and C, if C is the later one. And 2 is done when it is empty, or has come to what follows P.
//
// Nothing is lost: 2 has come to P, and what is after P the stream brings. Nothing is doubled: of a channel that has brought
// something before, or in 2, the number of the last message is known, and what the stream brings up to that is dropped. Of any other
// channel nothing was between C and the end of 2: what of it was in 1, below the first id of 2 if there is one, is before C, and is
// dropped by its number too. Numbers compare within one life of a channel only. If the channel began anew before 1, there is a gap in
// 1; if between 1 and 2, there is one in 2; either way the follower begins again. If after 2, the stream brings a gap in its place,
// and again it does. So gaps are told by the follower's own polls, with its own numbers, and those of the stream are a sign only.
//
// A subscriber that does not take its messages ends its attempt, like any attempt whose buffer is full, and asks again when they are
// taken: others notice that only if it was the leader. Each tab keeps its buffer while it follows, and as much while it catches up.
//
// One thing is weaker: until the stream has come to where 2 ended, a message's cursor may be behind what other channels have brought.
// In this tab numbers drop what that would double; a page that begins from such a cursor sees it again.

const MOST_CHANNELS = 64; // of one request
const GATHER = 20; // milliseconds: when a leader goes, all ask the next one at once

export const share = ({
  url, options, parameters, channels, seen, buffer, heartbeat, signal, // prettier-ignore
  over, alone, expect, receive, state, opened, look, poll, // prettier-ignore
}) =>
  new Promise((_, reject) => {
    const { locks } = navigator;
    const name = 'comet ' + JSON.stringify([new URL(url, location), typeof options.token, options, parameters]);
    const id = crypto.randomUUID();

    /** Returns how to speak. A BroadcastChannel does not hear itself, so a leader and its own follower have one each. */
    const join = listener => {
      const bus = new BroadcastChannel(name);
      bus.onmessage = ({ data }) => listener(data);
      over.then(() => bus.close());
      return message => signal.aborted || bus.postMessage(message);
    };

    let stream; // which one this follows
    let held; // what it brings until this has caught up
    let work = Promise.resolve(); // of two that catch up at once, the answer to one would lead the other's cursor back

    const ask = () => {
      say({ ask: id, channels });
      expect(2 * heartbeat, () => reject(Error('no leader')));
    };

    const again = () => {
      stream = held = null;
      ask();
    };

    const covers = (answer, id) => !answer[0] || answer.at(-1).id >= id;

    const catchUp = async (at, mine) => {
      const ahead = new Map();
      let first; // id after P
      let own; // id after C
      for (;;) {
        const { gaps, messages, cursor } = await look(0, at);
        const items = await poll(0);
        if (gaps[0]) throw Error('out of step'); // another one may lead until it has seen that gap
        if (held != mine) return;
        if (items[0]?.type == 'gap') return again();
        first ??= (messages[0] ?? mine[0])?.id;
        own ??= items[0]?.id;
        for (const { channel, seq, id } of messages) if (!(id >= own)) ahead.set(channel, seq);
        if (covers(messages, own) && covers(items, first)) break;
        at = cursor;
      }
      for (const [channel, seq] of ahead) if (!seen.has(channel)) seen.set(channel, seq);
      held = null;
      opened();
      expect(2 * heartbeat, ask);
      for (const item of mine) receive(item);
    };

    // From followers {ask, channels}; from the leader {by, to, at}: that is where my stream is; {by, item}; {by, now}: its state, and
    // whoever does not follow it may ask; {by, error}.
    const say = join(({ by, to, at, item, now, error }) => {
      if (!by || (to ?? id) != id) return;
      if (error) {
        reject(Object.assign(Error(error), { final: error == 'replaced' }));
      } else if (by != stream) {
        if (to) {
          stream = by;
          const mine = (held = []);
          work = work.then(() => catchUp(at, mine)).catch(reject);
        } else if (!item) {
          again();
        }
        return;
      } else if (channels.includes(item?.channel)) {
        if (item.to != null) return again();
        if (!held) receive(item);
        else if (held.push(item) > buffer) reject(Error('out of step'));
      }
      if (held) return;
      if (now) state(...now);
      expect(2 * heartbeat, ask);
    });

    const lead = () => {
      const asked = new Map(); // follower → its channels
      let union = [];
      let inner;
      let by = id;
      let isOpen;
      let timer;

      const wanted = () => [...new Set([...asked.values()].flat())];

      const begin = () => {
        timer = 0;
        inner?.close();
        isOpen = false;
        union = wanted();
        const mine = (inner = alone().subscribe(union, parameters));
        by += '+';
        const pass = item => mine == inner && tell({ by, item });
        mine.on('state', ({ state, delay, error }) => {
          if (mine != inner) return;
          isOpen = state == 'open';
          tell({ by, now: [state, { delay }], error: state == 'closed' && error?.message });
        });
        mine.on('gap', pass);
        (async () => {
          for await (const item of mine) pass(item);
        })().catch(() => {}); // its state has told it
      };

      const tell = join(({ ask, channels }) => {
        if (!ask) return;
        if (!asked.has(ask)) locks.request(ask, { signal }, () => asked.delete(ask)).catch(() => {}); // this one is over
        asked.set(ask, channels);
        if (wanted().length > MOST_CHANNELS) {
          asked.delete(ask);
          tell({ by, to: ask, error: 'too many channels' });
        } else if (channels.some(channel => !union.includes(channel))) timer ||= setTimeout(begin, GATHER);
        else if (isOpen) tell({ by, to: ask, at: inner.cursor });
      });

      over.then(() => clearTimeout(timer));
      tell({ by });
      return over;
    };

    locks
      .request(id, () => {
        ask();
        locks.request(name, { signal }, lead).catch(reject);
        return over;
      })
      .catch(reject);
  });
