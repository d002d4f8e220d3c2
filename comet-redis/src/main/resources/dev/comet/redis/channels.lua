-- ARGV: 6 a cursor of ZSCAN. Answers with the next one, and channels that have not gone by themselves; some perhaps twice.
local page = redis.call('ZSCAN', KEYS[4], ARGV[6], 'COUNT', 1000)
local answer = {page[1]}
for i = 1, #page[2], 2 do
  if tonumber(page[2][i + 1]) >= now then answer[#answer + 1] = page[2][i] end
end
return answer
