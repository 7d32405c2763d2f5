-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- What counts by estimate are worth, over all nodes: the last answers to each
-- model and class of content.
--
--     {llm:}t          a sorted set of those, by the number of their last answer
--     {llm:}t:n        a hash: n, that number
--     {llm:}t:KEY      a list: "COUNTED REPORTED OUTPUT", newest first
--
-- A node tells of each answer once, and asks what has changed since it asked
-- last.  These are estimates: what a node does not know whether Redis has heard
-- is not told again, so that no answer counts twice.
--
-- KEYS: the first two
-- ARGV: the number up to which the node knows all; then for each answer its
--       key, and what it says
--
-- Answer: the number up to which the node knows all now, then key, list, key,
--         list

local ANSWERS = 64
local MODELS = 1024
local AT_ONCE = 32

local index, counter = KEYS[1], KEYS[2]

for i = 2, #ARGV, 2 do
    local list = index .. ':' .. ARGV[i]

    redis.call('LPUSH', list, ARGV[i + 1])
    redis.call('LTRIM', list, 0, ANSWERS - 1)
    redis.call('ZADD', index, redis.call('HINCRBY', counter, 'n', 1), ARGV[i])
end

for _ = MODELS + 1, redis.call('ZCARD', index) do
    redis.call('UNLINK', index .. ':' .. redis.call('ZPOPMIN', index)[1])
end

local last = redis.call('HGET', counter, 'n') or '0'
local seen = ARGV[1]

-- another Redis, or one that has begun anew

if tonumber(seen) > tonumber(last) then
    seen = '0'
end

local changed = redis.call('ZRANGEBYSCORE', index, '(' .. seen, '+inf',
                           'WITHSCORES', 'LIMIT', 0, AT_ONCE)
local answer = { #changed == 2 * AT_ONCE and changed[#changed] or last }

for i = 1, #changed, 2 do
    answer[#answer + 1] = changed[i]
    answer[#answer + 1] = redis.call('LRANGE', index .. ':' .. changed[i], 0,
                                     ANSWERS - 1)
end

return answer
