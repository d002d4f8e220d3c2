// Stardust's second demo: what is posted, as it comes.
import { $, copies, element } from './dom.js';
import { follow } from './demos.js';

const CHANNEL = 'demo_posts';
const KEPT = 100;

$('curl').textContent = `curl -d 'm={"type":"Hello","data":[3,2,1]}' ${location.origin}/stardust/channel/${CHANNEL}`;
copies($('copy'), () => $('curl').textContent);

const seen = new Set();

follow(CHANNEL, ({ _ts, _ch, ...object }) => {
  const text = JSON.stringify(object).slice(0, 2000);
  const key = _ts + text;
  if (seen.has(key)) return;
  seen.add(key);
  if (seen.size > 2 * KEPT) seen.delete(seen.values().next().value);
  const when = new Date(_ts * 1000).toLocaleTimeString([], { hourCycle: 'h23' });
  $('log').prepend(element('li', '', element('time', '', when), element('code', '', text)));
  while ($('log').children.length > KEPT) $('log').lastChild.remove();
  $('empty').hidden = true;
});
