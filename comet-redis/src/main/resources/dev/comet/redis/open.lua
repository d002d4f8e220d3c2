-- ARGV: 4 the channel's name, 5 what to do where it is not, or is, 6 the epoch that the caller knows, 7 the seq that it wants next.
-- Answers with what the caller lacks.
local exists = redis.call('EXISTS', KEYS[2]) == 1
if (ARGV[5] == 'FIND' and not exists) or (ARGV[5] == 'CREATE' and exists) then return {} end
local c = load(true)
local held = redis.call('LLEN', KEYS[3])
evict(c, held)
keep(c, ARGV[4])
held = redis.call('LLEN', KEYS[3])
local from = 0
if c.epoch == ARGV[6] then from = math.max(0, ARGV[7] - (c.seq - held + 1)) end
local answer = {tonumber(c.epoch), c.options, c.seq + 1, tonumber(c.gone), tonumber(redis.call('HGET', KEYS[1], 'id'))}
if from < held then
  for _, entry in ipairs(redis.call('LRANGE', KEYS[3], text(from), -1)) do answer[#answer + 1] = entry end
end
return answer
