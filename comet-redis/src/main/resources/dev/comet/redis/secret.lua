-- ARGV: 6 the epoch of a life, 7 its secret, unless it has one.
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[6] then return {} end
local secret = redis.call('HGET', KEYS[2], 'secret')
if not secret then
  secret = ARGV[7]
  redis.call('HSET', KEYS[2], 'secret', secret)
end
return {secret}
