-- What all scripts begin with. KEYS: 1 the hub, 2 a channel, 3 its messages, 4 all channels by when they go.
-- ARGV: 1 a fresh epoch, 2 whether restarts are trusted, 3 options: history, bytes, age and idle time-out in ms, and what is Java's.
-- Numbers are below 2^53, so Lua's are exact; but its tostring is not.
local function text(n) return string.format('%.0f', n) end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A Redis that was restarted or has taken over may lack the last writes, and would give their numbers again. It has another
-- replication id: ids then go on beyond all that may have been given, and every channel begins another life.
local hub = redis.call('HMGET', KEYS[1], 'replid', 'born', 'id')
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local born = hub[2]
if not born or (hub[1] ~= replid and ARGV[2] == '0') then
  born = text(math.max(now * 100, (tonumber(hub[3]) or 0) + 1))
  redis.call('HSET', KEYS[1], 'replid', replid, 'born', born, 'id', born)
end

local function load(create)
  local c = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'bytes', 'time', 'gone', 'born', 'options')
  if not c[1] and not create then return nil end
  if c[6] ~= born then
    redis.call('DEL', KEYS[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', text(now)) -- channels that have gone by themselves
    c = {ARGV[1], '0', '0', '0', born, born, c[7] or ARGV[3]}
    redis.call('HSET', KEYS[2], 'epoch', c[1], 'seq', 0, 'bytes', 0, 'time', 0, 'gone', born, 'born', born, 'options', c[7])
  end
  local most, bytes, age, idle = string.match(c[7], '^(%d+) (%d+) (%d+) (%d+)')
  return {epoch = c[1], seq = tonumber(c[2]), bytes = tonumber(c[3]), time = tonumber(c[4]), gone = c[5], options = c[7],
    most = tonumber(most), max = tonumber(bytes), age = tonumber(age), idle = tonumber(idle)}
end

-- Evicts what is too much or too old; a message's text begins with its seq, id, time and bytes.
local function evict(c, held)
  while held > 0 do
    local id, time, bytes = string.match(redis.call('LINDEX', KEYS[3], 0), '^%d+ (%d+) (%d+) (%d+) ')
    if held <= c.most and (held == 1 or c.bytes <= c.max) and tonumber(time) >= now - c.age then return end
    redis.call('LPOP', KEYS[3])
    held = held - 1
    c.bytes = c.bytes - bytes
    c.gone = id
  end
end

local function keep(c, name)
  redis.call('HSET', KEYS[2], 'seq', text(c.seq), 'bytes', text(c.bytes), 'time', text(c.time), 'gone', c.gone)
  if c.idle > 0 then -- twice: a node that follows says so once per idle time-out
    redis.call('PEXPIRE', KEYS[2], text(c.idle * 2))
    redis.call('PEXPIRE', KEYS[3], text(c.idle * 2))
    redis.call('ZADD', KEYS[4], text(now + c.idle * 2), name)
  else
    redis.call('ZADD', KEYS[4], '+inf', name)
  end
end
