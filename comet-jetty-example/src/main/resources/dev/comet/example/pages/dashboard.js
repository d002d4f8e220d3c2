// The dashboard: the hub's counters as they come, over the native client; charts by Chart.js.
import { connect } from '/webjars/comet/comet.js';
import { $, ask, element, showState } from './dom.js';

const SECONDS = 300;
const LISTED = 20;

const samples = []; // the last SECONDS of them, the oldest first

// ---------------------------------------------------------------- charts

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Told apart by those who see few colours, too, on light and on dark.
const COLOURS = ['#0f8a72', '#d5762c', '#5b7fd6', '#b0539f', '#9a8a1f', '#c9404f', '#4c9fbd', '#7d7d86'];

/** The counters of a kind, by name, that there have been. */
const names = kind => [...new Set(samples.flatMap(s => Object.keys(s[kind] ?? {})))].sort().slice(0, COLOURS.length);

/** How much a counter has grown in each second. What began anew, as the server did, has grown from nothing. */
const rate = (of, i) => {
  if (!i) return null;
  const grown = of(samples[i]) - of(samples[i - 1]);
  const seconds = Math.max((samples[i].time - samples[i - 1].time) / 1000, 0.5);
  return Math.max(grown, 0) / seconds;
};

const now = (title, kind, total) => ({
  title,
  figure: () => total(samples.at(-1)),
  series: () => names(kind).map(name => [name, i => samples[i][kind]?.[name] ?? 0]),
  isStacked: true,
});

const perSecond = (title, of) => ({
  title,
  unit: '/s',
  figure: () => rate(of, samples.length - 1) ?? 0,
  series: () => [[title, i => rate(of, i)]],
});

const kinds = (title, kind) => {
  const sum = s => Object.values(s[kind] ?? {}).reduce((a, b) => a + b, 0);
  return {
    title,
    unit: ' in all',
    figure: () => sum(samples.at(-1)),
    series: () => names(kind).map(name => [name, i => rate(s => s[kind]?.[name] ?? 0, i)]),
    isStacked: true,
    none: 'none so far',
  };
};

const charts = [
  now('Subscribers', 'subscribersBySource', s => s.subscribers),
  perSecond('Publishes', s => s.published),
  perSecond('Deliveries', s => s.delivered),
  perSecond('Gaps', s => s.gaps),
  kinds('Refusals, per second', 'refusals'),
  kinds('Closes, per second', 'closes'),
];

const number = value => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
const clock = milliseconds => new Date(milliseconds).toLocaleTimeString([], { hourCycle: 'h23' });

for (const chart of charts) {
  const canvas = element('canvas');
  canvas.setAttribute('role', 'img');
  const value = element('span', 'figure');
  const unit = element('span', 'hint');
  const head = element('div', 'bar', element('h2', '', chart.title), element('p', '', value, unit));
  $('charts').append(element('section', 'card', head, element('div', 'chart', canvas)));
  Object.assign(chart, { canvas, value, unitLine: unit });
}

const draw = chart => {
  const series = chart.series();
  chart.value.textContent = number(chart.figure());
  chart.unitLine.textContent = chart.unit ?? '';
  chart.canvas.setAttribute('aria-label', `${chart.title}: ${chart.value.textContent}${chart.unit ?? ' now'}`);
  const datasets = series.map(([label, at], n) => ({
    label,
    data: samples.map((_, i) => at(i)),
    borderColor: COLOURS[n],
    backgroundColor: COLOURS[n] + '30',
    borderWidth: 1.5,
    pointRadius: 0,
    fill: chart.isStacked && n ? '-1' : 'origin',
  }));
  const { data, options } = chart.drawn;
  data.labels = samples.map(s => clock(s.time));
  data.datasets = datasets;
  options.plugins.legend.display = series.length > 1 || Boolean(chart.isStacked && series.length);
  chart.drawn.update('none');
};

/** The colours of the page are those of the day or the night. */
const make = () => {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const chart of charts) {
    chart.drawn?.destroy();
    const axis = { border: { display: false }, grid: { color: css('--line') }, ticks: { color: css('--faint'), maxRotation: 0 } };
    chart.drawn = new Chart(chart.canvas, {
      type: 'line',
      data: { labels: [], datasets: [] },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: 'index', intersect: false },
        scales: {
          x: { ...axis, grid: { display: false }, ticks: { ...axis.ticks, autoSkipPadding: 40 } },
          y: { ...axis, stacked: Boolean(chart.isStacked), beginAtZero: true, suggestedMax: 1, ticks: { ...axis.ticks, maxTicksLimit: 5, precision: 0 } },
        },
        plugins: {
          legend: { position: 'bottom', labels: { color: css('--faint'), boxWidth: 10, boxHeight: 10, padding: 8 } },
        },
      },
    });
  }
  drawSoon();
};

let isDue;
const drawSoon = () => {
  if (isDue || !samples.length) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    charts.forEach(draw);
  });
};

// ---------------------------------------------------------------- what the hub is

const duration = milliseconds => {
  const s = Math.floor(milliseconds / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
};
const megabytes = bytes => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;

const showTiles = s => {
  const tiles = {
    Version: s.version,
    Up: duration(s.uptime),
    Heap: `${megabytes(s.heap)} of ${megabytes(s.heapMost)}`,
    Channels: number(s.channels),
    Subscribers: number(s.subscribers),
    Sessions: number(s.sessions),
    Published: number(s.published),
    Delivered: number(s.delivered),
    'Lost in gaps': number(s.lost),
    Resets: number(s.resets),
  };
  $('tiles').replaceChildren(
    ...Object.entries(tiles).map(([name, value]) => element('div', '', element('dt', '', name), element('dd', '', value))),
  );
};

/** The list of channels is for whoever may use the admin mount. */
const list = async () => {
  try {
    const { channels } = await ask('/comet-admin/channels');
    const shown = channels.sort().slice(0, LISTED);
    const found = await Promise.all(
      shown.map(name => ask('/comet-admin/channels/' + encodeURIComponent(name)).catch(() => null)), // it may have gone
    );
    $('channels').tBodies[0].replaceChildren(
      ...found.filter(Boolean).map(({ channel, subscribers, next, oldest }) =>
        element('tr', '', ...[channel, number(subscribers), number(next - 1), number(next - oldest)].map(text => element('td', '', text))),
      ),
    );
    $('channels').hidden = false;
    $('no-channels').hidden = true;
    $('listed').textContent = channels.length > LISTED ? `${LISTED} of ${number(channels.length)}` : `${channels.length}`;
  } catch (error) {
    $('channels').hidden = true;
    $('no-channels').hidden = false;
    $('no-channels').textContent = `Not listed: ${error.message}`;
    $('listed').textContent = '';
  }
  setTimeout(list, 5000);
};

// ---------------------------------------------------------------- the counters

const FIGURES = ['uptime', 'heap', 'heapMost', 'channels', 'subscribers', 'sessions', 'published', 'delivered', 'gaps', 'lost', 'resets'];

const counters = ({ data, time }) => {
  if (!FIGURES.every(name => Number.isFinite(data?.[name]))) return; // what else somebody may publish there stops nothing
  samples.push({ ...data, time });
  if (samples.length > SECONDS) samples.shift();
  $('empty').hidden = true;
  $('charts').hidden = false;
  showTiles(data);
  drawSoon();
};

const comet = connect('/comet');
comet.on('state', ({ state, error }) => {
  const words = { open: 'live', connecting: 'connecting …', waiting: 'connection lost, trying again' };
  showState(state, words[state] ?? (error ? `ended: ${error.message}` : state));
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
make();
list();
try {
  for await (const m of comet.subscribe('demo-stats', { from: SECONDS })) counters(m);
} catch {
  // the state has told it
}
