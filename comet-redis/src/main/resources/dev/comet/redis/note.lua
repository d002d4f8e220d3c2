-- ARGV: 6 what to do, 7 the note's key, 8 for how many ms it is kept, 9 its text.
local note = KEYS[1] .. 's' .. ARGV[7]
if ARGV[6] == 'leave' then
  if redis.call('SET', note, ARGV[9], 'NX', 'PX', ARGV[8]) then return {1} end
elseif ARGV[6] == 'change' then
  if redis.call('SET', note, ARGV[9], 'XX', 'PX', ARGV[8]) then return {1} end
elseif ARGV[6] == 'find' then
  redis.call('PEXPIRE', note, ARGV[8])
  local text = redis.call('GET', note)
  if text then return {text} end
else
  if redis.call('DEL', note) == 1 then return {1} end
end
return {}
