import { loop, state } from './stardust.js';

const CHANNEL = 'demo_posts';
const SHOWN = 100;
const log = document.getElementById('log');

document.getElementById('curl').textContent =
  `curl -d 'm={"type":"Hello","data":[3,2,1]}' ${new URL(`stardust/channel/${CHANNEL}`, location.href)}`;

function show({ _ts, _ch, ...object }) {
  const line = document.createElement('li');
  const when = document.createElement('time');
  when.textContent = new Date(_ts * 1000).toLocaleTimeString([], { hourCycle: 'h23' });
  const what = document.createElement('code');
  what.textContent = JSON.stringify(object);
  line.append(when, ' ', what);
  log.prepend(line);
  while (log.children.length > SHOWN) log.lastChild.remove();
  document.getElementById('empty').hidden = true;
}

loop(CHANNEL, show, state);
