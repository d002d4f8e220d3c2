-- ARGV: 6 the epoch of the life that is to end.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[6] then return {} end
local roster = redis.call('HGETALL', KEYS[1] .. 'p' .. name)
for i = 1, #roster, 2 do -- so that a node that does not hear of this finds that its members are told nowhere
  for node in string.gmatch(roster[i + 1], '%S+') do
    redis.call('SREM', KEYS[1] .. 'n' .. node, name .. '/' .. roster[i])
  end
end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[1] .. 'p' .. name)
redis.call('ZREM', KEYS[4], name)
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
announce('r ' .. ARGV[6] .. ' 0 ' .. text(id) .. ' ')
return {0, id}
