-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- A node says that it is there, and learns which store this is and how far the
-- other nodes are.  A store that is new, or has lost data, gets its id here.
--
-- KEYS: the first five of common.lua
-- ARGV: node, a random id, id of the server's process (or empty: not known),
--       phase (HELLO ..), 1 when the node's record of operations does not
--       reach back to what the store still has (once), since when nodes count
--       (microseconds), an incarnation that is known to have lost something
--       (or empty), the time of the store that the node last heard of, the
--       highest stamp of a store that it has not come to the end of joining,
--       then as every guarded script
--
-- Answer: STALE or 0, id, stamp, the last stamp of the incarnation that the node
--       knows which the store has, time in microseconds, nodes that have come
--       to the phase, 1 when some record does not reach back, nodes heard of
--       within a minute, and within three seconds, the phase to which this node
--       has come, the number from which on no reservation of this node is known
--       (0: all), the call
--
--     {llm:}i     layout, id, last (the same, but never gone), n (stamp), first
--                 (of this incarnation), gap (the end of the last one), run,
--                 deep, p:NODE (the node's phase), e:ID (the last stamp of
--                 an incarnation that is over)
--     {llm:}g     gaps, see common.lua: beginnings, scored by their ends
--     {llm:}l     nodes, scored by the time that they had heard of when they
--                 were last heard of: a command may have lain somewhere, but
--                 not since then

local HELLO, REPLAYED, BALANCED, MERGED = 0, 1, 2, 3

-- Each node runs the scripts of its own build, which need not be the same: what
-- they have to agree about are keys and fields.  Whoever changes what one of
-- those means gives them another number.  Nodes of two numbers never share them.

local LAYOUT = '1'

local ALIVE = TAG .. 'l'
local RECENT = 3000000
local SILENT = 1000000              -- a node may have missed that much
local ENDS = 16
local GAPS_KEPT = 256

local node, phase = ARGV[1], tonumber(ARGV[4])
local heard, top = ARGV[8], tonumber(ARGV[9])
local seen, known = tonumber(ARGV[12]), ARGV[13]
local time = TIME * 1000000 + tonumber(NOW[2])
local f = redis.call('HMGET', STORE, 'id', 'n', 'run', 'last', 'first')
local id, n, run, last = f[1], number(f[2]), f[3] or '', f[4] or f[1]
local first = number(f[5])


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


-- Where the incarnations ended that the store remembers.  What a node has
-- recorded of one is there up to that, whichever others have been between.

local function ends()
    local flat, list = redis.call('HGETALL', STORE), {}

    for i = 1, #flat, 2 do
        if string.sub(flat[i], 1, 2) == 'e:' then
            list[#list + 1] = { field = flat[i], stamp = tonumber(flat[i + 1]) }
        end
    end

    table.sort(list, function(a, b) return a.stamp > b.stamp end)

    return list
end


-- One that the store does not remember has begun behind the last end that its
-- nodes have seen stamps beyond.  In no case did it get further than to where
-- the gap begins that the node has been in.

local function base()
    local fork = gap_of(seen)
    local best = fork or 0

    for _, e in ipairs(ends()) do
        if e.field == 'e:' .. known then
            return math.min(e.stamp, fork or e.stamp)
        end

        if e.stamp < seen then
            best = math.max(best, e.stamp)
        end
    end

    return best
end


local function begin()
    local list = ends()

    if last then
        table.insert(list, 1, { field = 'e:' .. last, stamp = n })
    end

    n, id = math.max(n, seen, top, time) + 1, ARGV[2]

    redis.call('DEL', STORE, ALIVE)
    redis.call('HSET', STORE, 'id', id, 'last', id, 'n', text(n),
               'first', text(n), 'run', ARGV[3] ~= '' and ARGV[3] or run)

    for i = 1, math.min(#list, ENDS) do
        redis.call('HSET', STORE, list[i].field, text(list[i].stamp))
    end
end


-- The store has gone back to when reservations were open whose ends the node no
-- longer has on record, or has on another record than this one: it may run two
-- binaries.  Those that are open still it makes again; what was made since the
-- store is this one, by the other binary, is none of those.

local function forget_holds()
    local mine = TAG .. 'r:' .. node .. ':'

    for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
        local hold = string.sub(key, 1, #mine) == mine and load_hold(key)

        if hold and hold.state == 'open' and number(hold.made) < first then
            for _, counter in ipairs(hold) do
                move(counter, hold[unit_of(counter)], 0)
            end

            redis.call('DEL', key)
            redis.call('ZREM', KEYS[2], key)
        end
    end
end


-- once counters are whole again, what a node has on record is in them

local function come_to()
    local f = redis.call('HMGET', STORE, 'p:' .. node, 'whole')

    return math.max(number(f[1]), f[2] and REPLAYED or 0)
end


-- A node whose file has gone back takes numbers for free that it had given.

local function free()
    local high = redis.call('HGET', TAG .. 'n:' .. node, 'high')

    return high and (number(high) + 1) * CHUNK or 0
end


-- Should the store have gone back, a node that comes now may not know of it.
-- The stamps that it gets are none that anybody has seen; who has seen those of
-- the gap knows.  Where nodes come in crowds, one a second is enough: gaps have
-- to be remembered until all that were there have come.

local function jump()
    local to = math.max(n + 1, time)
    local kept = redis.call('ZCARD', GAPS)

    if kept >= GAPS_KEPT / 2 and time - n < SILENT then
        return
    end

    redis.call('ZADD', GAPS, text(to), text(n))
    redis.call('HSET', STORE, 'n', text(to), 'gap', text(to))

    if kept >= GAPS_KEPT then
        redis.call('ZPOPMIN', GAPS)
    end

    n = to
end


-- Has the store gone back to before this was seen, in this incarnation or, as
-- a new one is beyond all that its nodes have seen, to one before?  Who had
-- come how far in it then says nothing now.

local function is_behind(stamp)
    return n < stamp or (gap_of(stamp) or -1) >= first
end


local function gone_back()
    return (id == known or phase == HELLO)
           and (is_behind(seen) or is_behind(top))
end


local layout = redis.call('HGET', STORE, 'layout') or LAYOUT

if layout ~= LAYOUT then
    return redis.error_reply('LAYOUT its keys are of version ' .. layout
                             .. ', and this module knows ' .. LAYOUT
                             .. ': nodes of both need a prefix= each')
end

if not id or (run ~= '' and ARGV[3] ~= '' and run ~= ARGV[3])
   or gone_back() or id == ARGV[7]
then
    begin()

elseif phase == HELLO
       or (phase == MERGED and time - tonumber(heard) > SILENT)
then
    jump()
end

if run == '' and ARGV[3] ~= '' then
    redis.call('HSET', STORE, 'run', ARGV[3])
end

redis.call('HSETNX', STORE, 'layout', LAYOUT)

if phase ~= HELLO then
    if id ~= known then
        return { STALE, id, n, 0, time, 0, 0, 0, 0, 0, 0, CALL }
    end

    if ARGV[5] == '1' then
        redis.call('HSET', STORE, 'deep', 1)
        forget_holds()
    end

    redis.call('HSET', STORE, 'p:' .. node, phase)
end

if phase == MERGED then
    redis.call('ZADD', ALIVE, heard, node)

    for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ALIVE, '-inf',
                                     text(time - LINGER * 1000000), 'LIMIT',
                                     0, 16))
    do
        redis.call('ZREM', ALIVE, gone)
        redis.call('HDEL', STORE, 'p:' .. gone)
    end
end

return { 0, id, n, base(), time,
         phase == MERGED and redis.call('ZCOUNT', ALIVE, ARGV[6], '+inf')
                         or count_phase(),
         number(redis.call('HGET', STORE, 'deep')),
         redis.call('ZCARD', ALIVE),
         redis.call('ZCOUNT', ALIVE, text(time - RECENT), '+inf'),
         come_to(), free(), CALL }
