-- The members of a channel, on all nodes.
return redis.call('HKEYS', KEYS[1] .. 'p' .. name)
