// The example's page: what a browser brings is enough. EventSource reconnects by itself and sends the cursor of the last
// message it saw, so nothing is lost or doubled; what the history no longer holds, a gap event tells.
const $ = id => document.getElementById(id);
const STATS = 'demo-stats';
const KEPT = 200;
let events;

function state(name, text) {
  $('state').dataset.state = name;
  $('state').textContent = text;
}

function show(item) {
  $('log').prepend(item);
  while ($('log').children.length > KEPT) {
    $('log').lastChild.remove();
  }
}

function element(tag, text, className = '') {
  const e = document.createElement(tag);
  e.textContent = text;
  e.className = className;
  return e;
}

function showMessage(m) {
  const item = document.createElement('li');
  const body = element('p', '');
  if (m.type !== 'message') {
    body.append(element('b', m.type));
  }
  body.append(typeof m.data === 'string' ? m.data : JSON.stringify(m.data));
  const time = new Date(m.time);
  const when = element('span', time.toLocaleTimeString());
  when.title = time.toISOString();
  item.append(element('span', m.seq), body, when);
  show(item);
}

function showNews(text) {
  show(element('li', text, 'news'));
}

function showStats(stats) {
  const closes = stats.closes ?? {};
  const refused = Object.values(stats.refusals ?? {}).reduce((a, b) => a + b, 0);
  const shown = {
    Subscribers: stats.subscribers, Channels: stats.channels, Published: stats.published, Delivered: stats.delivered,
    Gaps: stats.gaps, 'Messages lost': stats.lost, Refusals: refused, Disconnected: closes.disconnected ?? 0,
    Stalled: closes.stalled ?? 0,
  };
  $('counters').replaceChildren(...Object.entries(shown).map(([name, value]) => {
    const pair = document.createElement('div');
    pair.append(element('dt', name), element('dd', value.toLocaleString()));
    return pair;
  }));
}

function follow(channel) {
  events?.close();
  $('log').replaceChildren();
  $('curl').textContent =
    `curl -d hello '${location.origin}/comet-admin/channels/${encodeURIComponent(channel).replaceAll("'", '%27')}'`;
  state('connecting', 'connecting');
  const query = new URLSearchParams([['channel', channel], ['channel', STATS], ['from', '20']]);
  events = new EventSource('/comet/events?' + query);
  events.onopen = () => state('open', 'live');
  events.onerror = () => events.readyState === EventSource.CLOSED
    ? state('closed', 'refused: is this a channel name?')
    : state('connecting', 'reconnecting');
  events.onmessage = e => {
    const m = JSON.parse(e.data);
    if (m.channel === STATS) {
      showStats(m.data);
    } else if (m.channel === channel) {
      showMessage(m);
    }
  };
  events.addEventListener('gap', e => {
    const gap = JSON.parse(e.data);
    if (gap.channel === channel) {
      showNews(gap.reason === 'lapped'
        ? `Missed: messages ${gap.from} to ${gap.to} are gone from the history.`
        : 'The channel began anew: what came in between is unknown.');
    }
  });
  events.addEventListener('close', e => showNews(`The server ended the stream: ${JSON.parse(e.data).reason}.`));
}

$('follow').addEventListener('submit', e => {
  e.preventDefault();
  follow($('channel').value.trim());
});

$('publish').addEventListener('submit', async e => {
  e.preventDefault();
  try {
    const response = await fetch('/comet/channels/' + encodeURIComponent($('channel').value.trim()),
      { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: $('text').value });
    const answer = await response.json();
    $('answer').textContent = response.ok ? `stored as number ${answer.seq}` : answer.detail;
    if (response.ok) {
      $('text').value = '';
    }
  } catch {
    $('answer').textContent = 'the server cannot be reached';
  }
});

$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('curl').textContent);
    $('copy').textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren($('curl')); // no clipboard without a secure context
  }
});

follow($('channel').value);
