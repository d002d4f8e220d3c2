// What the pages share.

export const $ = id => document.getElementById(id);

/** An element with a class and what is in it: strings are text, never markup. */
export const element = (tag, className = '', ...content) => {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...content);
  return e;
};

/**
 * The line in the header that says whether the page is connected. The name is one of the client's states; what is beside is not
 * read out, as it changes all the time.
 */
export const showState = (name, text, beside = '') => {
  const line = $('state');
  line.dataset.state = name;
  let aside = line.querySelector('span');
  if (!aside) {
    aside = element('span');
    aside.ariaHidden = 'true';
    line.replaceChildren('', aside);
  }
  if (line.firstChild.data != text) line.firstChild.data = text;
  aside.textContent = beside;
};

/** What the server is asked for as JSON; an error says what it said, or that there is no answer. */
export const ask = async (url, init) => {
  let response;
  try {
    response = await fetch(url, { cache: 'no-store', ...init });
  } catch {
    throw Error('The server cannot be reached.');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Error(answer.detail || `The server says ${response.status}.`);
  return answer;
};

/** A button that copies what an element shows, or a text. */
export const copies = (button, text) => {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied'; // there is no clipboard without a secure context
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
};

export const time = milliseconds =>
  new Date(milliseconds).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
