import assert from 'node:assert/strict';

/**
 * Checks what an application saw of its channels: message after message, each once, or told as missed. Each place is moved along;
 * one that has no `next` yet begins where the first item says, from `least` to `most`.
 */
export const exactly = (trace, places, published) => {
  for (const item of trace) {
    const place = places.get(item.channel);
    const { reason } = item;
    const begin = number => {
      if (place.next) return;
      assert.ok(number >= place.least && number <= place.most, `began at ${number}, not in ${place.least}..${place.most}`);
      place.next = number;
    };
    if (reason == 'reset') {
      place.after = place.epoch;
      place.epoch = undefined;
      place.next = item.to + 1;
    } else if (reason) {
      assert.equal(reason, 'lapped');
      begin(item.from);
      assert.equal(item.from, place.next, `a gap begins where it was: ${JSON.stringify(item)}`);
      assert.ok(item.to >= item.from);
      place.next = item.to + 1;
    } else {
      const m = published.get(item.data);
      assert.equal(m.channel, item.channel);
      place.epoch ??= m.epoch;
      assert.ok(place.after === undefined || m.epoch > place.after);
      begin(m.seq);
      assert.deepEqual([m.epoch, m.seq], [place.epoch, place.next], `lost, doubled or out of order: ${JSON.stringify(m)}`);
      place.next++;
    }
  }
};

/** Where the places must be at last. */
export const atTheEnd = (places, server) => {
  for (const [name, place] of places) {
    const { epoch, next } = server.channel(name);
    assert.deepEqual([place.epoch, place.next], [epoch, next], `${name} was not read to its end`);
  }
};

/** Runs a world for each seed: SEED=… is one, SEEDS=… how many. */
export const inManyWorlds = async (count, run) => {
  const { SEED, SEEDS } = process.env;
  const seeds = SEED ? [+SEED] : Array.from({ length: +(SEEDS || count) }, (_, i) => i + 1);
  let seen = 0;
  for (const seed of seeds) {
    try {
      seen += await run(seed);
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
  assert.ok(seen > seeds.length * 20, `only ${seen} items were seen at all`);
};
