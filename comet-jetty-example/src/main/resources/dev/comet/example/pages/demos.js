// What Stardust's two demos share: the drop-in for jquery.ev follows a channel; posting and looking are plain requests.
import { ask, showState } from './dom.js';

/** Hands on what the channel holds, then what comes. What is in both comes twice. */
export const follow = async (channel, take) => {
  $.ev.loop(`/stardust/channel/${channel}/stream/${Math.random()}`, { '*': take });
  // The old wire says nothing of its state: whether the server answers is what can be told.
  for (let isFirst = true; ; isFirst = false) {
    try {
      const [{ messages }] = await ask('/stardust/channel/' + channel);
      if (isFirst) messages.forEach(take);
      showState('open', 'live, by Stardust');
    } catch (error) {
      showState('waiting', error.message);
    }
    await new Promise(done => setTimeout(done, 5000));
  }
};

/** Posts one object. */
export const post = async (channel, message) => {
  const body = new URLSearchParams({ m: JSON.stringify(message) });
  const answer = await fetch('/stardust/channel/' + channel, { method: 'POST', body });
  if (!answer.ok) throw Error(await answer.text());
};
