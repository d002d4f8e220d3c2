-- ARGV: 6 the epoch of a life, 7 its secret, unless it has one.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[6] then return {} end
redis.call('HSETNX', KEYS[2], 'secret', ARGV[7])
return {redis.call('HGET', KEYS[2], 'secret')}
