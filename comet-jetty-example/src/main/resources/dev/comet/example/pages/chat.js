// The chat. Messages go and come by the protocol that is chosen; who is here and who is typing goes by the native one, which alone
// has words for both. Whatever somebody published is text here, and no more of it than a page can bear.
import { connect } from '/webjars/comet/comet.js';
import { $, ask, copies, element, showState, time } from './dom.js';
import { cleanName, decode, encode, LONGEST_TEXT } from './payload.js';
import { protocols } from './protocols.js';

const KEPT = 500;
const TITLES = {
  native: 'Comet',
  icomet: 'iComet',
  'simple-comet': 'Simple-Comet',
  stardust: 'Stardust',
  ccomet: 'CComet',
};
const TRANSPORTS = { sse: 'Server-Sent Events', stream: 'a stream', poll: 'long-polling' };

const query = new URLSearchParams(location.search);
const asked = (query.get('room') || location.hash.slice(1)).slice(0, 40);
const chosen = query.get('dialect') in TITLES ? query.get('dialect') : 'native';

const comet = connect('/comet');
let me; // the name, and as which member of the room
let room;
let channel;
let typingChannel;

// ---------------------------------------------------------------- the log

const seen = new Set(); // the ids of messages, the oldest first
const waiting = new Map(); // id → the line of a message of ours that has not come back yet
let last; // the message above the next one

const log = $('log');
let isReading = false; // further up: then nothing moves
let wasAt = 0;

const toEnd = () => {
  log.scrollTop = log.scrollHeight;
  isReading = false;
  $('newest').hidden = true;
};

log.addEventListener('scroll', () => {
  const fromEnd = log.scrollHeight - log.clientHeight - log.scrollTop;
  // What was typed above, or a smaller screen, also scrolls; only the reader goes back.
  if (log.scrollTop < wasAt && fromEnd > 40) isReading = true;
  if (fromEnd <= 40) toEnd();
  wasAt = log.scrollTop;
});
new ResizeObserver(() => isReading || toEnd()).observe(log);
$('newest').addEventListener('click', toEnd);

const append = line => {
  log.append(line);
  $('empty').hidden = true;
  while (log.children.length > KEPT) log.firstChild.remove();
  if (isReading) $('newest').hidden = false;
  else toEnd();
};

const hue = name => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);

const lineOf = ({ id, name, text, via, at }) => {
  const isMine = name == me.name;
  const isMore = last?.name == name && last.via == via && at - last.at < 5 * 60_000;
  last = { name, via, at };
  const who = element('p', 'who', element('b', '', name), ' ', element('time', '', time(at)));
  if (via && via != 'native') who.append(' ', element('span', 'via', 'by ' + TITLES[via]));
  const body = element('p', 'body', text);
  body.dir = 'auto';
  const line = element('li', ['message', isMine && 'mine', isMore && 'more'].filter(Boolean).join(' '), who, body);
  line.dataset.id = id;
  line.style.setProperty('--hue', hue(name));
  return line;
};

/** A line that is no message: somebody came, something is missing. */
const note = (text, kind = 'note') => {
  last = null;
  append(element('li', kind, text));
};

const show = message => {
  const id = String(message.id ?? Math.random());
  if (!message.text || seen.has(id)) return;
  seen.add(id);
  if (seen.size > 4 * KEPT) seen.delete(seen.values().next().value);
  waiting.get(id)?.remove();
  waiting.delete(id);
  typing.delete(message.name);
  showTyping();
  append(lineOf({ ...message, id }));
};

// ---------------------------------------------------------------- who is here, who is typing

let members = new Set(); // as the server calls them: the name, and what makes it a page's own
let names = new Set();
const typing = new Map(); // name → until when

const nameOf = member => cleanName(member.split('~')[0]);

const showMembers = () => {
  names = new Set([...members].map(nameOf).filter(Boolean));
  names.delete(me.name);
  const others = [...names].sort((a, b) => a.localeCompare(b));
  names.add(me.name);
  $('count').textContent = names.size;
  $('members').replaceChildren(
    ...[me.name, ...others].slice(0, 200).map(name => {
      const item = element('li', '', name);
      item.style.setProperty('--hue', hue(name));
      if (name == me.name) item.append(' ', element('span', 'hint', 'you'));
      return item;
    }),
  );
};

const list = async () => {
  const answer = await ask(`/comet/channels/${channel}/members`);
  members = new Set(answer.members);
  showMembers();
};

/** The same where nobody waits for it: the state says what is wrong, and the next one that is open asks again. */
const listed = () => list().catch(() => {});

/** Tells of people, not of their pages: somebody may have several, and have one anew. */
const moved = ({ type, member }) => {
  const name = nameOf(member);
  const before = names;
  if (type == 'join') members.add(member);
  else members.delete(member);
  showMembers();
  if (name && before.has(name) != names.has(name)) note(`${name} ${type == 'join' ? 'is here now' : 'has left'}`);
};

const showTyping = () => {
  for (const [name, until] of typing) if (until < Date.now()) typing.delete(name);
  const who = [...typing.keys()];
  const several = who.slice(0, 3).join(', ') + (who.length > 3 ? ` and ${who.length - 3} more` : '');
  $('typing').textContent = who.length ? `${several} ${who.length > 1 ? 'are' : 'is'} typing …` : '';
};

const somebodyTypes = data => {
  const name = cleanName(typeof data == 'string' ? data : data?.name);
  if (!name || name == me.name || log.ariaBusy == 'true' || typing.size > 50) return;
  typing.set(name, Date.now() + 4000);
  showTyping();
};
setInterval(showTyping, 1000);

// ---------------------------------------------------------------- the native protocol

const wordsOf = { connecting: 'connecting …', paused: 'too much at once, catching up', closed: 'ended' };
let countdown;

const onState = ({ state, transport, delay, error }) => {
  clearInterval(countdown);
  if (state == 'open') {
    showState(state, `live, by ${TRANSPORTS[transport]}`);
    listed();
  } else if (state == 'waiting') {
    const until = Date.now() + delay;
    const tell = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      showState(state, 'connection lost', `: next attempt in ${Math.max(seconds, 1)} s`);
    };
    tell();
    countdown = setInterval(tell, 1000);
  } else {
    showState(state, error ? `ended: ${error.message}` : wordsOf[state]);
    if (error) note(`The connection has ended: ${error.message}. Load the page again to come back.`, 'gap');
  }
};

const native = async () => {
  let again; // what the server has after it was started anew
  const sub = comet.subscribe([channel, typingChannel], {
    from: 100,
    presence: me.member,
    members: true,
  });
  const take = m => show(decode(m.data, { sender: m.attributes?.sender, at: m.time, key: m.id }));
  sub.on('state', onState);
  sub.on('gap', gap => {
    if (gap.reason == 'presence') listed();
    if (gap.channel != channel) return;
    if (gap.reason == 'reset') {
      note('The server has started anew: what was said before is gone from it, and something may be missing here.', 'gap');
      again = ask(`/comet/events?as=poll&wait=0&from=oldest&channel=${channel}`).catch(() => ({ messages: [] }));
    } else if (gap.reason != 'presence') {
      note(gap.from == gap.to ? `Message ${gap.from} is gone.` : `Messages ${gap.from} to ${gap.to} are gone.`, 'gap');
    }
  });
  try {
    for await (const m of sub) {
      if (again) {
        const { messages } = await again;
        again = null;
        messages.forEach(take);
      }
      if (m.channel == typingChannel) {
        if (m.type == 'message') somebodyTypes(m.data);
      } else if (m.type == 'join' || m.type == 'leave') {
        moved(m);
      } else {
        take(m);
      }
    }
  } catch {
    // the state has told it
  }
};

// ---------------------------------------------------------------- an older protocol

/**
 * Who is here and who types, with short polls: a page of an older protocol has one connection that waits, and browsers have six for
 * all pages of a server.
 */
const beside = async () => {
  let cursor;
  for (;;) {
    try {
      const parameters = new URLSearchParams({ as: 'poll', wait: 0, presence: me.member, ...(cursor && { cursor }) });
      for (const name of [channel, typingChannel]) parameters.append('channel', name);
      const answer = await ask('/comet/events?' + parameters);
      cursor = answer.cursor;
      for (const m of answer.messages) if (m.channel == typingChannel) somebodyTypes(m.data);
      if (answer.gaps.some(gap => gap.reason == 'reset' && gap.channel == channel)) {
        note('The server has started anew: what was said before is gone from it, and something may be missing here.', 'gap');
      }
      showState('open', `live, by ${TITLES[chosen]}`);
      await list();
    } catch (error) {
      showState('waiting', error.message);
    }
    await new Promise(done => setTimeout(done, 3000));
  }
};

const older = async () => {
  const protocol = protocols[chosen]();
  let early = [];
  const receive = (...message) => (early ? early.push(message) : show(decode(...message)));
  publish = payload => protocol.publish(channel, payload).catch(() => comet.publish(channel, payload));
  beside();
  try {
    const before = (await protocol.open(channel, me.member + '~' + chosen, receive)) ?? [];
    for (const message of [...before, ...early]) show(decode(...message));
  } catch (error) {
    note(`${TITLES[chosen]} does not work here: ${error.message}`, 'gap');
  }
  early = null;
};

// ---------------------------------------------------------------- saying something

let publish = payload => comet.publish(channel, payload);

const send = async payload => {
  waiting.get(payload.id)?.remove();
  const before = last;
  const line = lineOf(payload);
  last = before; // what comes first is above it
  line.classList.add('waiting');
  waiting.set(payload.id, line);
  append(line);
  const failed = reason => {
    if (!waiting.has(payload.id)) return;
    const retry = element('button', 'quiet', 'Send again');
    retry.type = 'button';
    retry.addEventListener('click', () => send(payload));
    line.classList.add('failed');
    line.querySelector('.failure')?.remove();
    line.append(element('p', 'failure', `Not sent: ${reason} `, retry));
    if (!isReading) toEnd();
  };
  setTimeout(failed, 15_000, 'there is no answer.');
  try {
    await publish(payload);
  } catch (error) {
    failed(error.status ? error.message : 'the server cannot be reached.');
  }
};

const text = $('text');
let lastTyped = 0;

const grow = () => {
  text.style.height = 'auto';
  text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`;
};

text.addEventListener('input', () => {
  grow();
  if (!text.value.trim() || Date.now() - lastTyped < 2500) return;
  lastTyped = Date.now();
  // It is nothing to wait for, and nothing is wrong with the chat without it.
  comet.publish(typingChannel, { name: me.name }).catch(() => {});
});

text.addEventListener('keydown', e => {
  if (e.key == 'Enter' && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    $('say').requestSubmit();
  }
});

$('say').addEventListener('submit', e => {
  e.preventDefault();
  const said = text.value.trim().slice(0, LONGEST_TEXT);
  if (!said) return;
  text.value = '';
  lastTyped = 0;
  grow();
  toEnd();
  send(encode(me.name, said, chosen));
  text.focus();
});

// ---------------------------------------------------------------- coming in

const address = (name, dialect) =>
  'chat.html?' + new URLSearchParams({ room: name, ...(dialect != 'native' && { dialect }) });

const enter = name => {
  me = { name, member: `${name}~${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}` };
  channel = `demo_chat_${room}`;
  typingChannel = `demo_typing_${room}`;
  document.title = `${room} — Chat — Comet`;
  $('title').textContent = room;
  $('dialect').value = chosen;
  $('entry').hidden = true;
  $('chat').hidden = false;
  showMembers();
  // What comes in the first moment is history: nobody types it now, and it is not for reading out.
  log.ariaBusy = 'true';
  setTimeout(() => (log.ariaBusy = 'false'), 1500);
  if (matchMedia('(max-width: 48rem)').matches) $('people').open = false;
  if (matchMedia('(hover: hover)').matches) text.focus(); // elsewhere a keyboard would cover the room
  if (chosen == 'native') native();
  else older();
};

$('enter').addEventListener('submit', e => {
  e.preventDefault();
  const name = cleanName($('name').value);
  const wanted = $('room').value.trim();
  if (!name) {
    $('name').setCustomValidity('A name has letters, or anything else that can be seen.');
    return $('name').reportValidity();
  }
  sessionStorage.setItem('name', name); // of this tab: two tabs may be two people
  localStorage.setItem('name', name);
  room = wanted;
  history.replaceState(null, '', address(room, chosen));
  enter(name);
});
$('name').addEventListener('input', () => $('name').setCustomValidity(''));

$('dialect').addEventListener('change', () => location.assign(address(room, $('dialect').value)));
$('leave').addEventListener('click', () => sessionStorage.removeItem('name'));
copies($('copy'), () => new URL(address(room, 'native'), location).href);
addEventListener('hashchange', () => location.assign(address(location.hash.slice(1), chosen)));

// A keyboard on the screen leaves this much; elsewhere it is the window.
const fit = () => {
  if (visualViewport.scale > 1.01) return; // somebody looks closer
  document.documentElement.style.setProperty('--visible', `${visualViewport.height}px`);
  scrollTo(0, 0);
};
if (window.visualViewport) {
  visualViewport.addEventListener('resize', fit);
  fit();
}

if (/^\w{1,40}$/.test(asked)) {
  $('room').value = room = asked;
}
$('name').value = sessionStorage.getItem('name') || localStorage.getItem('name') || '';
if (room && sessionStorage.getItem('name')) enter(sessionStorage.getItem('name'));
else showState('closed', 'not connected');
