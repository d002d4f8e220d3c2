-- ARGV: 6 a node. Who is said to be there, as <channel>/<member>.
return redis.call('SMEMBERS', KEYS[1] .. 'n' .. ARGV[6])
