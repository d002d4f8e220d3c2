-- ARGV: 6 a node, 7 a name, 8 whether it is a member there, 9 the most members that there may be, 10 whether those who follow are told
-- in any case that it comes, 11 the number of the connection.
if late(ARGV[6], ARGV[11]) then return OVER end
if ARGV[8] == '0' then
  leave(name, ARGV[7], ARGV[6])
elseif not join(name, ARGV[7], ARGV[6], tonumber(ARGV[9])) then
  return {1}
elseif ARGV[10] == '1' then
  tell('s', name, ARGV[7])
end
return {}
