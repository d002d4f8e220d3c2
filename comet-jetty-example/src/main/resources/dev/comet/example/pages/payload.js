// What the chat sends, in every protocol the same: a small JSON object. What comes is anybody's, so it is looked at piece by piece.

export const LONGEST_NAME = 32;
export const LONGEST_TEXT = 2000;
const PROTOCOLS = new Set(['native', 'icomet', 'simple-comet', 'stardust', 'ccomet']);

const bounded = (value, length) => (typeof value == 'string' ? value.trim().slice(0, length) : '');

/** A name as the page shows it. A tilde separates it from what makes it a page's own among the members. */
export const cleanName = value =>
  bounded(value, 10 * LONGEST_NAME)
    .replace(/[\p{C}~]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_NAME);

export const encode = (name, text, via) => ({ id: crypto.getRandomValues(new Uint32Array(3)).join('-'), name, text, via, at: Date.now() });

/**
 * Reads what somebody has published: the object above, its JSON text, or any other text, as curl sends it.
 *
 * @param wire what the protocol says besides: sender, when in milliseconds, a key that no other message has
 */
export const decode = (data, { sender, at, key } = {}) => {
  let value = data;
  if (typeof data == 'string') {
    try {
      value = JSON.parse(data);
    } catch {
      // a text
    }
  }
  const isOurs = typeof value?.text == 'string';
  const text = isOurs ? value.text : typeof data == 'string' ? data : JSON.stringify(data);
  const isId = isOurs && /^[\w-]{8,40}$/.test(value.id);
  const sent = isOurs && Number.isFinite(value.at) ? Math.min(value.at, Date.now()) : Date.now();
  return {
    id: isId ? value.id : key,
    name: cleanName(isOurs ? value.name : sender) || 'somebody',
    text: bounded(text, LONGEST_TEXT),
    via: isOurs && PROTOCOLS.has(value.via) ? value.via : '',
    at: Math.max(at ?? sent, 0),
  };
};
