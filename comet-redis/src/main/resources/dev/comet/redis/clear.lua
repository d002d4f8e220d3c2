-- ARGV: 4 the channel's name, 5 the epoch of the life whose messages are to be forgotten.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[5] then return {} end
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
local nextSeq = redis.call('HGET', KEYS[2], 'seq') + 1
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[2], 'bytes', 0, 'gone', text(id))
redis.call('PUBLISH', KEYS[2], 'c ' .. ARGV[5] .. ' ' .. text(nextSeq) .. ' ' .. text(id) .. ' ')
return {nextSeq, id}
