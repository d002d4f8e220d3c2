/** A message of a channel. For those who asked with `members` also who came or left: type `join` or `leave`, `member`, `time`. */
export interface Message<T = unknown> {
  channel: string;
  /** The channel's own count, from 1. */
  seq: number;
  /** The server's count, with holes. */
  id: number;
  /** Milliseconds since the Unix epoch. */
  time: number;
  /** `message`, unless its publisher said otherwise. */
  type: string;
  /** A string for text, the value itself for JSON. */
  data: T;
  attributes?: Record<string, string>;
  /** Where to go on after this message. */
  cursor: string;
  /** Only of `join` and `leave`, which have no seq, id, data and cursor. */
  member?: string;
}

/** What was missed. */
export interface Gap {
  type: 'gap';
  channel: string;
  /**
   * `lapped`: the history no longer holds `from` to `to`. `reset`: the channel began anew, and goes on after `to`. `lost`: the
   * server skipped `from` to `to` without a word. `presence`: joins and leaves were missed.
   */
  reason: 'lapped' | 'reset' | 'lost' | 'presence';
  from?: number;
  to?: number;
  cursor: string;
}

export type Transport = 'sse' | 'stream' | 'poll';

export interface State {
  state: 'connecting' | 'open' | 'waiting' | 'paused' | 'closed';
  /** `share`: the connection is that of all tabs. */
  transport: Transport | 'share';
  /** For `waiting`: milliseconds until the next attempt. */
  delay?: number;
  /** For `waiting` and `closed`: what went wrong, if anything did. */
  error?: CometError;
}

/** An answer with a bad status has all of these; anything else that goes wrong has none. */
export interface CometError extends Error {
  status?: number;
  /** RFC 9457. */
  problem?: { type?: string; title?: string; status?: number; detail?: string };
  /** Asking again will not help. */
  final?: boolean;
  /** Milliseconds. */
  retryAfter?: number;
}

export interface Options {
  /** Asked before each request; `renew` is true when the last one was refused with 401, or soon runs out. */
  token?: string | ((renew: boolean) => string | undefined | Promise<string | undefined>);
  /** In the order in which they are tried. All three by default. */
  transports?: Transport[];
  /** One connection for all tabs of this origin that give the same arguments, where the browser can do it. */
  shareTabs?: boolean;
  /** The server's setting, in milliseconds: 15000 by default. A connection silent for twice as long is given up. */
  heartbeat?: number;
  /** How long a stream may take to begin before it is taken for buffered, in milliseconds: 5000 by default. */
  firstByte?: number;
  /** How long a poll is held, in seconds: 25 by default, 120 at most. */
  pollWait?: number;
  /** How long to wait before the second attempt, in milliseconds, until the server says: 2000 by default. */
  retry?: number;
  /** How many messages may wait to be taken before the connection pauses: 1000 by default. */
  buffer?: number;
  /** For pages of another origin. */
  credentials?: 'omit' | 'same-origin' | 'include';
  /** Closes all. */
  signal?: AbortSignal;
}

export interface SubscribeOptions {
  /** A cursor; or `latest` (the default), `oldest`, or a number of messages. */
  from?: string | number | null;
  /** To be a member of the channels, by this name. */
  presence?: string;
  /** To be told who joins and leaves. */
  members?: boolean;
  /** Closes it. */
  signal?: AbortSignal;
}

export interface PublishOptions {
  type?: string;
  attributes?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Published {
  channel: string;
  seq: number;
  id: number;
  time: number;
}

/** Messages in order, each once. Iterating throws the error that ended it, and ends when it was closed. */
export interface Subscription<T = unknown> extends AsyncIterableIterator<Message<T>> {
  /** Where to go on after the last message that was taken. */
  readonly cursor: string;
  /** Told in its place between the messages, when the iteration comes to it. Returns how to stop listening. */
  on(event: 'gap', listener: (gap: Gap, subscription: Subscription<T>) => void): () => void;
  on(event: 'state', listener: (state: State, subscription: Subscription<T>) => void): () => void;
  close(): void;
}

export interface Comet {
  subscribe<T = unknown>(channels: string | string[], options?: SubscribeOptions): Subscription<T>;
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<Published>;
  /** The events of all subscriptions. */
  on(event: 'gap', listener: (gap: Gap, subscription: Subscription) => void): () => void;
  on(event: 'state', listener: (state: State, subscription: Subscription) => void): () => void;
  /** Closes all subscriptions. */
  close(): void;
}

/** The endpoint that is mounted at `url`. Nothing is sent before the first subscribe or publish. */
export function connect(url: string, options?: Options): Comet;
