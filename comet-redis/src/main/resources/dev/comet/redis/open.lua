-- ARGV: 6 what to do where the channel is not, or is, 7 the epoch that the caller knows, 8 the seq that it wants next, 9 how many
-- bytes it takes: a connection that is subscribed, and to which Redis has more to say than it is configured for, is closed.
-- Answers with what the caller lacks; where that is more, with the first of it, of which one message may be too large.
local exists = redis.call('EXISTS', KEYS[2]) == 1
if (ARGV[6] == 'FIND' and not exists) or (ARGV[6] == 'CREATE' and exists) then return {} end
local c, refusal = load(true)
if not c then return refusal end
evict(c)
keep(c)
local first = c.seq - c.held + 1
local from = 0
if c.epoch == ARGV[7] then from = math.min(c.held, math.max(0, ARGV[8] - first)) end
local answer = {tonumber(c.epoch), c.options, c.seq + 1, tonumber(c.gone), tonumber(redis.call('HGET', KEYS[1], 'id')),
  tonumber(redis.call('HGET', KEYS[2], 'cleared')), first + from}
local room = tonumber(ARGV[9])
while room > 0 and from < c.held do
  for _, entry in ipairs(redis.call('LRANGE', KEYS[3], text(from), text(from + 15))) do
    if room <= 0 then break end
    answer[#answer + 1] = entry
    from = from + 1
    room = room - string.len(entry)
  end
end
return answer
