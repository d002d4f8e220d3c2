// The debugger: asks as the form says, again and again as its protocol wants it, and shows each frame.
import { connect } from '/webjars/comet/comet.js';
import { $, element, showState } from './dom.js';
import { wires } from './wires.js';

const KEPT = 300; // frames
const SHOWN = 4000; // characters of a frame
const READ = 50; // items of a frame
const REMEMBERED = 200; // latencies, and publishes that have not come yet

const comet = connect('/comet');
let running;
let count;
let published = new Map(); // what we have published → when, by the clock that only goes forward

const fresh = () => {
  count = { frames: 0, messages: 0, bytes: 0, gaps: 0, latencies: [], cursor: '', last: new Map() };
  $('log').replaceChildren();
  $('empty').hidden = false;
  showCounts();
};

const millis = ms => `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;

const showCounts = () => {
  for (const name of ['frames', 'messages', 'bytes', 'gaps']) $(name).textContent = count[name].toLocaleString('en');
  const sorted = [...count.latencies].sort((a, b) => a - b);
  $('latency').textContent = sorted.length ? millis(sorted[sorted.length >> 1]) : '–';
  $('cursor').textContent = count.cursor === '' ? '–' : `${count.cursor}`;
};

const textOf = data => (typeof data == 'string' ? data : JSON.stringify(data));

/** From publishing to here: exactly if we have published it, else by the server's clock, where the wire tells it. */
const latencyOf = (item, arrival) => {
  const text = item.data === undefined ? undefined : textOf(item.data);
  const since = published.get(text);
  if (since != null) {
    published.delete(text);
    const latency = Math.max(arrival - since, 0);
    count.latencies.push(latency);
    if (count.latencies.length > REMEMBERED) count.latencies.shift();
    return millis(latency);
  }
  if (item.time == null || isReplay) return '';
  return `≈ ${millis(Math.max(performance.timeOrigin + arrival - item.time, 0))}`;
};

let isReplay; // what was there before us has no latency

/** Numbers that were skipped without a word, on wires that have no word for it. */
const holeBefore = ({ channel, seq }) => {
  if (seq == null) return '';
  const due = (count.last.get(channel) ?? seq - 1) + 1;
  count.last.set(channel, seq);
  return seq > due ? `${due} to ${seq - 1} skipped` : '';
};

const inWords = ({ channel, seq, type, data, cursor, more }) => {
  const rest = Object.entries(more ?? {}).filter(([, value]) => value !== undefined);
  const parts = [
    channel && `${channel}${seq == null ? '' : ` ${seq}`}`,
    type,
    data === undefined ? '' : textOf(data).slice(0, SHOWN),
    cursor == null ? '' : `→ ${cursor}`,
    rest.length ? JSON.stringify(Object.fromEntries(rest)).slice(0, SHOWN) : '',
  ];
  return parts.filter(Boolean).join('  ');
};

const show = (frame, items, arrival) => {
  const bytes = new TextEncoder().encode(frame).length;
  count.frames++;
  count.bytes += bytes;
  $('empty').hidden = true;
  const first = items[0] ?? {};
  const head = element('p', 'head', element('b', '', items.length > 1 ? `${items.length} items` : `${first.type}`));
  head.append(element('span', '', new Date(performance.timeOrigin + arrival).toISOString().slice(11, 23)));
  head.append(element('span', '', `${bytes.toLocaleString('en')} bytes`));
  const means = [];
  for (const item of items) {
    const hole = item.type == 'gap' ? `${item.more.reason} ${item.more.from ?? ''}–${item.more.to ?? ''}` : holeBefore(item);
    const latency = latencyOf(item, arrival);
    if (item.data !== undefined) count.messages++;
    if (hole) count.gaps++;
    if (item.cursor != null) count.cursor = item.cursor;
    if (means.length == READ) continue;
    if (hole) head.append(element('span', 'bad', hole));
    if (latency) head.append(element('span', '', latency));
    means.push(inWords(item));
  }
  if (items.length > READ) means.push(`and ${items.length - READ} more`);
  const raw = frame.length > SHOWN ? `${frame.slice(0, SHOWN)} …` : frame;
  const line = element('li', '', head, element('pre', 'raw', raw.replace(/\n/g, '⏎\n').replace(/\n$/, '')));
  line.append(element('pre', 'means', means.join('\n')));
  line.dataset.type = first.type ?? '';
  $('log').prepend(line);
  while ($('log').children.length > KEPT) $('log').lastChild.remove();
  showCounts();
};

const tell = text => {
  $('log').prepend(element('li', '', element('p', 'head', element('b', 'bad', text))));
  $('empty').hidden = true;
};

const run = async (wire, way, channels) => {
  const mine = (running = new AbortController());
  const { signal } = mine;
  let wake;
  signal.addEventListener('abort', () => wake?.());
  const begun = performance.now();
  while (!signal.aborted) {
    let pause = 0;
    const since = performance.now();
    const url = way.url(channels, `${count.cursor}`);
    $('url').textContent = `GET ${url}`;
    try {
      showState('open', 'asking');
      for await (const frame of way.frames(url, signal)) {
        if (signal.aborted) break;
        const arrival = performance.now();
        isReplay = arrival - begun < 500;
        let items;
        try {
          items = way.read(frame, channels.length > 1);
        } catch (error) {
          items = [{ type: 'unreadable', more: { error: error.message } }];
          pause = 2000;
        }
        show(frame, items, arrival);
      }
      if (performance.now() - since < 50) pause ||= 250; // an answer at once is nothing to ask for again at once
    } catch (error) {
      if (signal.aborted) break;
      tell(error.message);
      if (error.isFinal) return stop();
      pause = 2000;
    }
    if (pause && !signal.aborted) {
      if (pause > 1000) showState('waiting', 'asking again soon');
      await new Promise(done => {
        wake = done;
        setTimeout(done, pause);
      });
    }
  }
};

const stop = () => {
  running?.abort();
  running = null;
  $('start').disabled = false;
  $('stop').disabled = true;
  showState('closed', 'stopped');
};

const options = (select, entries) =>
  select.replaceChildren(
    ...Object.entries(entries).map(([value, { title }]) => Object.assign(element('option', '', title), { value })),
  );

const choose = () => {
  const wire = wires[$('dialect').value];
  options($('transport'), wire.transports);
  $('cursor-name').textContent = wire.cursor;
  $('from').value = wire.from;
  $('from').disabled = !wire.from;
};

options($('dialect'), wires);
choose();
fresh();
$('dialect').addEventListener('change', choose);
$('clear').addEventListener('click', () => {
  const { cursor } = count;
  fresh();
  count.cursor = cursor; // what is running goes on
  showCounts();
});
$('stop').addEventListener('click', stop);
$('subscribe').addEventListener('submit', e => {
  e.preventDefault();
  stop();
  fresh();
  const wire = wires[$('dialect').value];
  count.cursor = $('from').value.trim();
  $('start').disabled = true;
  $('stop').disabled = false;
  run(wire, wire.transports[$('transport').value], $('channel').value.trim().split(/\s+/));
});

$('publish').addEventListener('submit', async e => {
  e.preventDefault();
  const text = $('text').value;
  let data = text;
  try {
    if ($('format').value == 'json') data = JSON.parse(text);
  } catch (error) {
    $('answer').textContent = `This is no JSON: ${error.message}`;
    return;
  }
  published.set(textOf(data), performance.now());
  if (published.size > REMEMBERED) published.delete(published.keys().next().value);
  try {
    const { channel, seq, id } = await comet.publish($('target').value.trim(), data, { type: $('type').value.trim() });
    $('answer').textContent = `Stored as number ${seq} of ${channel}, ${id} of the hub.`;
  } catch (error) {
    published.delete(textOf(data));
    $('answer').textContent = error.status ? error.message : 'The server cannot be reached.';
  }
});
