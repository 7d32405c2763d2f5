-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Keep an answer.  The index beside it only counts: an answer that Redis has
-- evicted stays in it until it would have expired.
--
-- KEYS: index of answers, the answer
-- ARGV: seconds it lives, the answer

local now = tonumber(redis.call('TIME')[1])

redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[1])
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])),
           KEYS[2])

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf',
                                string.format('%.0f', now),
                                'LIMIT', 0, 16))
do
    redis.call('ZREM', KEYS[1], key)
end

return 1
