// Follows channels, and keeps all that it is told for the test to look at.
import { connect } from '/webjars/comet/comet.js';

window.told = { seen: [], channels: [], gaps: [], states: [], transports: [], error: null };

window.follow = (options, channels, more) => {
  window.client = (window.comet?.connect ?? connect)('/comet', { retry: 50, heartbeat: 1000, pollWait: 5, ...options });
  client.on('state', ({ state, transport }) => {
    told.states.push(state);
    if (state == 'open') told.transports.push(transport);
  });
  const subscription = (window.subscription = client.subscribe(channels, more));
  subscription.on('gap', gap => told.gaps.push(gap));
  (async () => {
    try {
      for await (const m of subscription) {
        told.seen.push(m.data);
        told.channels.push(m.channel);
      }
    } catch (e) {
      told.error = String(e);
    }
  })();
};
