-- ARGV: 4 the channel's name, 5 whether to create it, 6 what the message counts, 7 the message.
local c = load(ARGV[5] == '1')
if not c then return {} end
c.seq = c.seq + 1
c.time = math.max(c.time, now)
c.bytes = c.bytes + ARGV[6]
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
local entry = text(c.seq) .. ' ' .. text(id) .. ' ' .. text(c.time) .. ' ' .. ARGV[6] .. ' ' .. ARGV[7]
evict(c, redis.call('RPUSH', KEYS[3], entry))
keep(c, ARGV[4])
redis.call('PUBLISH', KEYS[2], 'm ' .. c.epoch .. ' ' .. entry)
return {tonumber(c.epoch), c.seq, id, c.time}
