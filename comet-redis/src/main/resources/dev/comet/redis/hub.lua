-- What all scripts begin with. KEYS: 1 the hub, 2 a channel, 3 its messages, 4 all channels by when they go.
-- ARGV: 1 a fresh epoch, 2 whether restarts are trusted, 3 options: history, bytes, age and idle time-out in ms, and what is Java's,
-- 4 the most channels that there may be, 5 the number of the database; a script's own begin with 6.
-- A Redis without memory refuses a script's first write, and only that: so a script that needs room begins with one that does.
-- Numbers are below 2^53, so Lua's are exact; but its tostring is not.
local function text(n) return string.format('%.0f', n) end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A Redis that was restarted or has taken over may lack the last writes, and would give their numbers again. It has another
-- replication id: ids then go on beyond all that may have been given, and every channel begins another life.
-- But a Redis that goes on running has another one, and none from before, when its first replica comes: that one has lost nothing.
local hub = redis.call('HMGET', KEYS[1], 'replid', 'born', 'id', 'runid')
local info = redis.call('INFO', 'replication')
local replid = string.match(info, 'master_replid:(%x+)')
local born = hub[2]
if not born or (hub[1] ~= replid and ARGV[2] == '0') then
  local runid = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  if not born or hub[4] ~= runid or not string.find(info, 'master_replid2:0+%s') then
    born = text(math.max(now * 100, (tonumber(hub[3]) or 0) + 1))
    redis.call('HSET', KEYS[1], 'born', born, 'id', born)
  end
  redis.call('HSET', KEYS[1], 'replid', replid, 'runid', runid)
end

local name = string.sub(KEYS[2], string.len(KEYS[1]) + 2)

-- Announcements know no databases: two hubs of one Redis must not hear each other.
local function announce(what, channel)
  redis.call('PUBLISH', KEYS[1] .. ARGV[5] .. 'c' .. (channel or name), what)
end

-- The channel's present life; a new one where there is none, if it is to be created. Else nil, and what the script answers.
local function load(create)
  local c = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'bytes', 'time', 'gone', 'born', 'options', 'held')
  if not c[1] then
    if not create then return nil, {} end
    if redis.call('ZCOUNT', KEYS[4], text(now), '+inf') >= tonumber(ARGV[4]) then
      return nil, redis.error_reply('TOOMANY channels')
    end
  end
  local held = redis.call('LLEN', KEYS[3])
  if c[6] ~= born or c[8] ~= text(held) then -- its Redis may have lost writes, or has thrown away one of its two keys
    local gone = born
    if c[1] or held > 0 then gone = redis.call('HGET', KEYS[1], 'id') end
    c = {ARGV[1], '0', '0', '0', gone, born, c[7] or ARGV[3], '0'}
    redis.call('HSET', KEYS[2], 'epoch', c[1], 'seq', 0, 'bytes', 0, 'time', 0, 'gone', gone, 'born', born, 'options', c[7],
      'held', 0, 'cleared', 0)
    redis.call('HDEL', KEYS[2], 'secret')
    redis.call('DEL', KEYS[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. text(now)) -- channels that have gone by themselves
  end
  local most, bytes, age, idle = string.match(c[7], '^(%d+) (%d+) (%d+) (%d+)')
  return {epoch = c[1], seq = tonumber(c[2]), bytes = tonumber(c[3]), time = tonumber(c[4]), gone = c[5], options = c[7],
    held = tonumber(c[8]), most = tonumber(most), max = tonumber(bytes), age = tonumber(age), idle = tonumber(idle)}
end

-- Evicts what is too much or too old; a message's text begins with its seq, id, time and bytes.
local function evict(c)
  while c.held > 0 do
    local id, time, bytes = string.match(redis.call('LINDEX', KEYS[3], 0), '^%d+ (%d+) (%d+) (%d+) ')
    if c.held <= c.most and (c.held == 1 or c.bytes <= c.max) and tonumber(time) >= now - c.age then return end
    redis.call('LPOP', KEYS[3])
    c.held = c.held - 1
    c.bytes = c.bytes - bytes
    c.gone = id
  end
end

-- First what needs no memory: a channel that is followed must not go because there is none.
local function keep(c)
  local goes = '+inf'
  if c.idle > 0 then -- twice: a node that follows says so once per idle time-out
    redis.call('PEXPIRE', KEYS[2], text(c.idle * 2))
    redis.call('PEXPIRE', KEYS[3], text(c.idle * 2))
    goes = text(now + c.idle * 2)
  else
    redis.call('PERSIST', KEYS[2])
  end
  redis.call('HSET', KEYS[2], 'seq', text(c.seq), 'bytes', text(c.bytes), 'time', text(c.time), 'gone', c.gone, 'held', text(c.held))
  redis.call('ZADD', KEYS[4], goes, name)
end
