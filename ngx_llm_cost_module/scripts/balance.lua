-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- What a node knows of some counters, for a store that has lost something: a
-- limit that was patched holds again, and where more was lost than the nodes can
-- replay, the counters are made whole in two rounds.
--
-- First what the node itself has had confirmed, whoever else has lost or restored
-- what: by how much its part is less, the counter is less.  That is exact where
-- all nodes are there.  What was spent by nodes that are not is in what the others
-- last knew of the counter as a whole; so when all parts are there, it never
-- stays behind that.  But what is pending may be in that as well, and is still to
-- be told: a difference that this explains is none.  The rest is nobody's: a node
-- that comes late, after all, finds its part in there, and repeats nothing else.
--
-- Of several limits the one that was heard of last holds: spending only ever
-- ascends, and says how old what a node knows is.
--
-- KEYS: as in common.lua
-- ARGV: number of budgets, 1 for the second round, the budgets, then for each what
--       was spent by the node (by all, in the second round; -1: it is not to be
--       looked at), how much of what is pending may be in the latter, what was
--       known to be spent, and the limit that was patched (empty: none), then as
--       every guarded script
--
-- Answer: how many were behind, the call

local n, second = tonumber(ARGV[1]), ARGV[2] == '1'

if not guard() then
    return { STALE, CALL }
end


-- as patch.lua

local function patch(b, limit, heard)
    local f = redis.call('HMGET', b.counter, 'patched', 'patched_at')
    local at = number(f[2])

    if not f[1] or heard > at
       or (heard == at and tonumber(limit) < tonumber(f[1]))
    then
        save_budget(b)
        redis.call('HSET', b.counter, 'patched', limit,
                   'patched_at', text(heard))
    end
end


local function raise_by(b, amount)
    save_budget(b)
    add(b.counter, 'spent', amount)
end


-- kept for the second round, of this incarnation

local function restore_part(b, own, unsure)
    local behind = own - number(redis.call('HGET', b.counter, PART))
    local field = 'u' .. PART

    if behind > 0 then
        raise_by(b, behind - take_rest(b, behind))
        add(b.counter, PART, behind)
    end

    if unsure > 0 then
        redis.call('HSET', b.counter, field, ARGV[#ARGV] .. ':' .. text(unsure))
    else
        redis.call('HDEL', b.counter, field)
    end

    return behind
end


local function restore_whole(b, known)
    local behind, unsure = known - b.spent, 0

    if behind <= 0 then
        return 0
    end

    local flat = redis.call('HGETALL', b.counter)

    for i = 1, #flat, 2 do
        if string.sub(flat[i], 1, 3) == 'us:' then
            local id, n = string.match(flat[i + 1], '^(.*):(%d+)$')

            unsure = unsure + (id == ARGV[#ARGV] and tonumber(n) or 0)
        end
    end

    if behind <= unsure then
        return 0
    end

    raise_by(b, behind)
    add(b.counter, 'rest', behind)

    return behind
end


local behind = 0

if second then
    redis.call('HSETNX', STORE, 'whole', text(TIME))
end

for i, b in ipairs(load_budgets(3, n)) do
    local a = 3 + 9 * n + 4 * (i - 1)
    local spent = tonumber(ARGV[a])

    if spent >= 0 and (second and restore_whole(b, spent)
                       or not second
                          and restore_part(b, spent, tonumber(ARGV[a + 1])))
                      > 0
    then
        behind = behind + 1
    end

    if ARGV[a + 3] ~= '' then
        patch(b, ARGV[a + 3], tonumber(ARGV[a + 2]))
    end
end

return { behind, CALL }
