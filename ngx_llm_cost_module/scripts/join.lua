-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- A node says that it is there, and learns which store this is and how far the
-- other nodes are.  A store that is new, or has lost data, gets its id here.
--
-- KEYS: the first five of common.lua
-- ARGV: node, a random id, id of the server's process (or empty: not known),
--       phase (HELLO ..), 1 when the node's record of operations does not
--       reach back to what the store still has, since when nodes count
--       (microseconds), 1 when the store is known to have lost something, then
--       as every guarded script
--
-- Answer: STALE or 0, id, stamp, the last stamp before this incarnation, time in
--       microseconds, nodes that have come to the phase, 1 when some record
--       does not reach back, nodes heard of within a minute, the call
--
--     {llm:}i     id, n (stamp), base, run, deep, p:NODE (the node's phase)
--     {llm:}l     nodes, scored by the time they were last heard of

local HELLO, REPLAYED, BALANCED, MERGED = 0, 1, 2, 3

local ALIVE = TAG .. 'l'
local LINGER = 60000000

local node, phase = ARGV[1], tonumber(ARGV[4])
local seen, known = tonumber(ARGV[9]), ARGV[10]
local time = TIME * 1000000 + tonumber(NOW[2])
local f = redis.call('HMGET', STORE, 'id', 'n', 'run', 'base')
local id, n, run, base = f[1], number(f[2]), f[3] or '', number(f[4])


-- the first stamp of a block that nobody has been in

local function block()
    return (math.floor(math.max(n, seen) / BLOCK) + 1) * BLOCK
end


local function count_phase()
    local flat, count = redis.call('HGETALL', STORE), 0

    for i = 1, #flat, 2 do
        if string.sub(flat[i], 1, 2) == 'p:'
           and tonumber(flat[i + 1]) >= phase
        then
            count = count + 1
        end
    end

    return count
end


if not id or (run ~= '' and ARGV[3] ~= '' and run ~= ARGV[3])
   or (id == known and (n < seen or ARGV[7] == '1'))
then
    base, n, id = n, block(), ARGV[2]
    redis.call('DEL', STORE, ALIVE)
    redis.call('HSET', STORE, 'id', id, 'n', text(n), 'base', text(base),
               'run', ARGV[3])

elseif run == '' and ARGV[3] ~= '' then
    redis.call('HSET', STORE, 'run', ARGV[3])
end

if id ~= known and n <= seen then
    n = block()
    redis.call('HSET', STORE, 'n', text(n))
end

if phase ~= HELLO then
    if id ~= known then
        return { STALE, id, n, base, time, 0, 0, 0, CALL }
    end

    redis.call('HSET', STORE, 'p:' .. node, phase)

    if ARGV[5] == '1' then
        redis.call('HSET', STORE, 'deep', 1)
    end
end

if phase == MERGED then
    redis.call('ZADD', ALIVE, text(time), node)

    for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ALIVE, '-inf',
                                     text(time - LINGER), 'LIMIT', 0, 16))
    do
        redis.call('ZREM', ALIVE, gone)
        redis.call('HDEL', STORE, 'p:' .. gone)
    end
end

return { 0, id, n, base, time,
         phase == MERGED and redis.call('ZCOUNT', ALIVE, ARGV[6], '+inf')
                         or count_phase(),
         number(redis.call('HGET', STORE, 'deep')),
         redis.call('ZCARD', ALIVE), CALL }
