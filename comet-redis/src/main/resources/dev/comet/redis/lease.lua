-- ARGV: 6 the node that says that it lives, 7 for how many ms that counts, 8 its figures, 9 the number of the
-- connection. Has some of the members leave that are on a node
-- whose lease is over. Answers whether this one's was not, whether there is more to do, and with all nodes' figures.
if late(ARGV[6], ARGV[9]) then return OVER end
redis.call('PERSIST', leases) -- what needs no memory, first: without any, all leases would be over
local before = redis.call('ZSCORE', leases, ARGV[6])
-- Else some of its members may have left already, or come.
local known = before and tonumber(before) >= now and redis.call('HGET', links, ARGV[6]) == ARGV[9]
redis.call('ZADD', leases, text(now + ARGV[7]), ARGV[6])
redis.call('HSET', figures, ARGV[6], ARGV[8])
redis.call('HSET', links, ARGV[6], ARGV[9])
local dead = redis.call('ZRANGEBYSCORE', leases, '-inf', '(' .. text(now), 'LIMIT', 0, 1)[1]
if dead then
  local there = redis.call('SPOP', KEYS[1] .. 'n' .. dead, 100)
  for _, one in ipairs(there) do
    local channel, member = string.match(one, '^([^/]*)/(.*)$')
    leave(channel, member, dead)
  end
  if #there < 100 then
    redis.call('ZREM', leases, dead)
    redis.call('HDEL', figures, dead)
    redis.call('HDEL', links, dead)
  end
end
local answer = {known and 1 or 0, dead and 1 or 0}
for _, each in ipairs(redis.call('HGETALL', figures)) do answer[#answer + 1] = each end
return answer
