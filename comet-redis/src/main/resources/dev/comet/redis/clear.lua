-- ARGV: 6 the epoch of the life whose messages are to be forgotten.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[6] then return {} end
local nextSeq = redis.call('HGET', KEYS[2], 'seq') + 1
redis.call('DEL', KEYS[3])
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
redis.call('HSET', KEYS[2], 'bytes', 0, 'gone', text(id), 'held', 0, 'cleared', text(nextSeq))
announce('c ' .. ARGV[6] .. ' ' .. text(nextSeq) .. ' ' .. text(id) .. ' ')
return {nextSeq, id}
