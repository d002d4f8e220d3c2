// Compiled only: what the types allow, and what they do not.
import { connect, type Gap, type Message } from '../src/comet.js';

const comet = connect('/comet', { token: async renew => (renew ? 'new' : 'old'), transports: ['stream', 'poll'], shareTabs: true });
const subscription = comet.subscribe<{ text: string }>(['news', 'chat'], { from: localStorage.getItem('cursor') });
const off: () => void = subscription.on('gap', (gap: Gap) => console.log(gap.reason, gap.from));
comet.on('state', ({ state, error }) => console.log(state, error?.status));
comet.subscribe('news', { from: 20, presence: 'ann', members: true, signal: AbortSignal.timeout(1) });

for await (const m of subscription) {
  const message: Message<{ text: string }> = m;
  console.log(message.member ?? message.data.text, message.cursor.length, m.seq.toFixed());
}
const { seq } = await comet.publish('chat', { text: 'hello' }, { type: 'greeting', attributes: { sender: 'ann' } });
seq.toFixed();
off();
subscription.close();

// @ts-expect-error no such transport
connect('/comet', { transports: ['websocket'] });
// @ts-expect-error no such event
subscription.on('message', () => {});
