-- ARGV: 6 a node, 7 a cursor of SSCAN. Answers with the next one, and some of those who are said to be there, as <channel>/<member>.
local page = redis.call('SSCAN', KEYS[1] .. 'n' .. ARGV[6], ARGV[7], 'COUNT', 1000)
local answer = {page[1]}
for _, one in ipairs(page[2]) do answer[#answer + 1] = one end
return answer
