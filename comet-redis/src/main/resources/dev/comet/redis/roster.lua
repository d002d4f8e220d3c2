-- Members. {comet}p<channel> says of each on which nodes it is, each between two spaces; {comet}n<node> has <channel>/<member> for each
-- that is on a node; {comet}leases says until when a node lives, {comet}links which of its connections
-- was the last to say so.
local leases, figures, links = KEYS[1] .. 'leases', KEYS[1] .. 'figures', KEYS[1] .. 'links'

-- A connection that its node has given up may bring late what it was given: what came on a later one is newer.
local function late(node, link)
  return (tonumber(redis.call('HGET', links, node)) or 0) > tonumber(link)
end
local OVER = redis.error_reply('OVER this connection: its node has another')

local function tell(what, channel, member)
  announce(what .. ' 0 0 ' .. redis.call('HGET', KEYS[1], 'id') .. ' ' .. member, channel)
end

-- First what needs no memory: then Redis takes the rest, too.
local function leave(channel, member, node)
  local roster = KEYS[1] .. 'p' .. channel
  redis.call('SREM', KEYS[1] .. 'n' .. node, channel .. '/' .. member)
  local nodes = redis.call('HGET', roster, member)
  local from, to = string.find(nodes or '', ' ' .. node .. ' ', 1, true)
  if not from then return end
  local others = string.sub(nodes, 1, from) .. string.sub(nodes, to + 1)
  if others == ' ' then
    redis.call('HDEL', roster, member)
    tell('l', channel, member)
  else
    redis.call('HSET', roster, member, others)
  end
end

local function join(channel, member, node, most)
  local roster = KEYS[1] .. 'p' .. channel
  local nodes = redis.call('HGET', roster, member)
  if not nodes and redis.call('HLEN', roster) >= most then return false end
  redis.call('ZADD', leases, 'NX', 0, node) -- one that stood still for too long has none; should it die now, its members leave
  redis.call('SADD', KEYS[1] .. 'n' .. node, channel .. '/' .. member)
  if not nodes then
    redis.call('HSET', roster, member, ' ' .. node .. ' ')
    tell('j', channel, member)
  elseif not string.find(nodes, ' ' .. node .. ' ', 1, true) then
    redis.call('HSET', roster, member, nodes .. node .. ' ')
  end
  return true
end
