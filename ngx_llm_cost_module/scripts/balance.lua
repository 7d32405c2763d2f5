-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- What a node last knew of some counters, for a store that has lost something: a
-- limit that was patched holds again, and where more was lost than the nodes can
-- replay, a counter never goes back behind what was known.
--
-- Of several limits the one that was heard of last holds: spending only ever
-- ascends, and says how old what a node knows is.
--
-- KEYS: as in common.lua
-- ARGV: number of budgets, the budgets, then for each what was spent, 1 when it
--       must not be less, and the limit that was patched (empty: none), then as
--       every guarded script
--
-- Answer: how many were behind, the call

local n = tonumber(ARGV[1])

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


local behind = 0

for i, b in ipairs(load_budgets(2, n)) do
    local a = 2 + 9 * n + 3 * (i - 1)
    local spent = tonumber(ARGV[a])

    if ARGV[a + 1] == '1' and spent > b.spent then
        save_budget(b)
        add(b.counter, 'spent', spent - b.spent)
        behind = behind + 1
    end

    if ARGV[a + 2] ~= '' then
        patch(b, ARGV[a + 2], spent)
    end
end

return { behind, CALL }
