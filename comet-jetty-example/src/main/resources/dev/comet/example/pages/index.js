// The door: a channel to try, and lines for curl.
import { connect } from '/webjars/comet/comet.js';
import { $, copies, element, showState, time } from './dom.js';

const CHANNEL = 'demo-news';
const KEPT = 100;

const comet = connect('/comet');
const news = comet.subscribe(CHANNEL, { from: 20 });

const add = line => {
  $('log').prepend(line);
  $('empty').hidden = true;
  while ($('log').children.length > KEPT) $('log').lastChild.remove();
};

news.on('state', ({ state, error }) => {
  const words = { open: 'live', connecting: 'connecting …', waiting: 'connection lost, trying again' };
  showState(state, words[state] ?? (error ? `ended: ${error.message}` : state));
});
news.on('gap', ({ reason, from, to }) =>
  add(element('li', 'gap', reason == 'reset' ? 'The channel has begun anew.' : `Messages ${from} to ${to} are gone.`)),
);

$('publish').addEventListener('submit', async e => {
  e.preventDefault();
  try {
    const { seq } = await comet.publish(CHANNEL, $('text').value);
    $('answer').textContent = `Stored as number ${seq}.`;
    $('text').value = '';
  } catch (error) {
    $('answer').textContent = error.status ? error.message : 'The server cannot be reached.';
  }
});

for (const code of document.querySelectorAll('[data-curl]')) {
  code.textContent = `curl ${code.dataset.curl.replace('{}', location.origin)}`;
  copies(code.nextElementSibling, () => code.textContent);
}

try {
  for await (const m of news) {
    const text = typeof m.data == 'string' ? m.data : JSON.stringify(m.data);
    add(element('li', '', element('span', '', `${m.seq}`), element('span', '', text.slice(0, 2000)), element('span', '', time(m.time))));
  }
} catch {
  // the state has told it
}
