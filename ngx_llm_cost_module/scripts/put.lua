-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Keep an answer, or forget it where none is given.  It must not cost anybody
-- else's memory: within a byte budget of its own, what expires first makes
-- room, and a tenth of maxmemory stays free on a server that counts money, too,
-- or that evicts nothing.  Where that is not enough it is not kept.  (A script
-- that has written already is not refused for want of memory by the server.)
--
-- KEYS: as in answers.lua; the answer
-- ARGV: seconds it lives, the answer, the time at which it was made, its
--       names (mHASH of the model, HASH of each payer), its model, bytes that all answers may take (0: any), 1 where
--       money is counted on the same server
--
-- Answer: 1 when it is kept

local MOST = 64                     -- answers that make room for one

local key = KEYS[6]
local bytes = #ARGV[2]
local budget = number(ARGV[6])
local model = ARGV[5]
local evicted = 0

sweep(16)
forget(key)

if bytes == 0 then
    return 0
end


local function evict()
    local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]

    if not first or evicted == MOST then
        return 0
    end

    local facts = facts_of(first)

    evicted = evicted + 1
    forget(first, true)

    return (facts and facts.bytes or 0) + OVERHEAD
end


local function fits(room)
    while room < bytes + OVERHEAD do
        local gained = evict()

        if gained == 0 then
            return false
        end

        room = room + gained
    end

    return true
end


-- what the server still has, or nil where it has no limit or sees to it itself

local function server_room()
    local info = redis.pcall('INFO', 'memory')

    if type(info) ~= 'string' then
        return nil
    end

    local most = number(string.match(info, '\nmaxmemory:(%d+)'))
    local used = number(string.match(info, '\nused_memory:(%d+)'))

    if ARGV[7] ~= '1' and not string.find(info, 'policy:noeviction', 1, true)
    then
        return nil
    end

    return most > 0 and math.floor(most * 0.9) - used or nil
end


local function refused(reply)
    return type(reply) == 'table' and reply.err
end


if budget > 0 then
    local sums = redis.call('HMGET', KEYS[3], 'b', 'n')

    if not fits(budget - number(sums[1]) - number(sums[2]) * OVERHEAD) then
        return 0
    end
end

local room = server_room()

if room and not fits(room) then
    return 0
end

if redis.call('HEXISTS', KEYS[3], 'n:' .. model) == 0
   and redis.call('HLEN', KEYS[3]) >= MODELS
then
    model = 'other'
end

if refused(redis.pcall('SET', key, ARGV[2], 'EX', ARGV[1]))
   or refused(redis.pcall('HSET', KEYS[2], key, text(bytes) .. ' ' .. ARGV[3]
                          .. ' ' .. ARGV[4] .. ' ' .. model))
   or refused(redis.pcall('ZADD', KEYS[1], text(TIME + number(ARGV[1])), key))
then
    redis.call('HDEL', KEYS[2], key)
    redis.call('ZREM', KEYS[1], key)
    redis.call('UNLINK', key)

    return 0
end

counts(model, 1, bytes, 0)

return 1
