import { setMaxListeners } from 'node:events';
import { Clock } from './clock.js';
import { Network } from './network.js';
import { Server } from './server.js';
import { Browser } from './tabs.js';

/** A clock, a server, a network, and a page that all three are the world of. `end` puts the real one back. */
export const world = seed => {
  const clock = new Clock().install(seed);
  const server = new Server(clock);
  const network = new Network(clock, server).install();
  const browser = new Browser(clock, network);
  setMaxListeners(0); // fetch listens to one signal for a whole attempt
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  const fire = (type, more) => page.dispatchEvent(Object.assign(new Event(type), more));
  return {
    clock,
    server,
    network,
    browser,
    fire,
    pass: ms => clock.pass(ms),
    end() {
      network.restore();
      clock.restore();
      delete globalThis.addEventListener;
    },
  };
};

/** Takes all that a subscription brings, gaps in their places, until it ends. */
export const collect = subscription => {
  const items = [];
  subscription.on('gap', gap => items.push(gap));
  items.done = (async () => {
    try {
      for await (const m of subscription) items.push(m);
      return 'closed';
    } catch (error) {
      return error;
    }
  })();
  items.data = () => items.filter(i => i.type != 'gap').map(i => i.data);
  items.gaps = () => items.filter(i => i.type == 'gap');
  return items;
};
