-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- What a node last knew of some counters, for a store that has lost more than
-- the nodes can replay: a counter never goes back behind it.
--
-- KEYS: as in common.lua
-- ARGV: number of budgets, the budgets, what was spent of each, then as every
--       guarded script
--
-- Answer: how many were behind, the call

local n = tonumber(ARGV[1])

if not guard() then
    return { STALE, CALL }
end

local behind = 0

for i, b in ipairs(load_budgets(2, n)) do
    local spent = tonumber(ARGV[1 + 9 * n + i])

    if spent > b.spent then
        save_budget(b)
        add(b.counter, 'spent', spent - b.spent)
        behind = behind + 1
    end
end

return { behind, CALL }
