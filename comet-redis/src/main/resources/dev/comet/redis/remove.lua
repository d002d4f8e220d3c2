-- ARGV: 4 the channel's name, 5 the epoch of the life that is to end.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[5] then return {} end
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[4])
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
redis.call('PUBLISH', KEYS[2], 'r ' .. ARGV[5] .. ' 0 ' .. text(id) .. ' ')
return {0, id}
