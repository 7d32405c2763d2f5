-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Who of the fleet asks upstream for an answer: a lock with an owner and an
-- expiry.  A node takes over from itself, since its own table of flights has
-- made sure that nobody of it leads any more.  Whoever finds the lock taken
-- leaves a mark; the owner is told of it, and when it lands, the others are.
--
-- What has landed between a look into the cache and this is not asked for again:
-- the answer is there before the lock is opened.
--
-- KEYS: the lock; the answer, where it is to be looked for again
-- ARGV: "take", "renew" or "land"; the flight; its node; milliseconds until it
--       expires; the channel; the answer's key
--
-- Answer: 1 when the flight has the lock, or had it; 2: the answer is there

local lock, flight, node = KEYS[1], ARGV[2], ARGV[3]
local f = redis.call('HMGET', lock, 'flight', 'node', 'waited')

if ARGV[1] == 'take' then

    if f[1] and f[1] ~= flight and f[2] ~= node then
        redis.call('HSET', lock, 'waited', 1)
        redis.pcall('PUBLISH', ARGV[5], 'waits ' .. ARGV[6])

        return 0
    end

    if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
        return 2
    end

    redis.call('HSET', lock, 'flight', flight, 'node', node)
    redis.call('PEXPIRE', lock, ARGV[4])

    return 1
end

if f[1] ~= flight then
    return 0
end

if ARGV[1] == 'renew' then
    redis.call('PEXPIRE', lock, ARGV[4])

    return 1
end

redis.call('UNLINK', lock)

if f[3] then
    redis.pcall('PUBLISH', ARGV[5], 'landed ' .. ARGV[6])
end

return 1
