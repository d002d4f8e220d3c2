// Polls a channel over Stardust's protocol: what comes is handed on, one message at a time. The first answer opens the session.
export async function loop(channel, onMessage, onState) {
  const url = `stardust/channel/${channel}/stream/${Math.random()}`;
  for (;;) {
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const messages = await answer.json();
      onState('open');
      messages.forEach(onMessage);
      await pause(100);
    } catch (e) {
      onState('waiting to reconnect');
      await pause(5000);
    }
  }
}

/** Posts one object to a channel. */
export async function post(channel, message) {
  const answer = await fetch(`stardust/channel/${channel}`, {
    method: 'POST',
    body: new URLSearchParams({ m: JSON.stringify(message) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** What the channel holds now. */
export async function held(channel) {
  const [info] = await (await fetch(`stardust/channel/${channel}`)).json();
  return info.messages;
}

/** Shows whether the page is connected. */
export function state(word) {
  const at = document.getElementById('state');
  at.dataset.state = word;
  at.textContent = word;
}

function pause(milliseconds) {
  return new Promise(done => setTimeout(done, milliseconds));
}
