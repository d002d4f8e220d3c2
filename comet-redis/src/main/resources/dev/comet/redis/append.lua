-- ARGV: 6 whether to create the channel, 7 what the message counts, 8 the message.
local c, refusal = load(ARGV[6] == '1')
if not c then return refusal end
c.seq = c.seq + 1
c.time = math.max(c.time, now)
c.bytes = c.bytes + ARGV[7]
local id = redis.call('HINCRBY', KEYS[1], 'id', 1)
local entry = text(c.seq) .. ' ' .. text(id) .. ' ' .. text(c.time) .. ' ' .. ARGV[7] .. ' ' .. ARGV[8]
c.held = redis.call('RPUSH', KEYS[3], entry)
evict(c)
keep(c)
announce('m ' .. c.epoch .. ' ' .. entry)
return {tonumber(c.epoch), c.seq, id, c.time}
