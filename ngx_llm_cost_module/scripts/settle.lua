-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- The end of a request: what it held leaves, what it spent is added, once; so
-- is its usage.  With an empty spent the reservation is cancelled: a copy of
-- the reserving command that comes later finds the identity closed.
--
-- KEYS: as in common.lua
-- ARGV: now, seq (0: there was no reservation), number of budgets, spent of
--       each unit (empty: cancelled), 1 when usage follows, the budgets, usage
--
-- Answer: packed: 1 (0: it was done before), the stamp, then for each budget
--       spent, reserved, limit, bits of the alerts that have just been crossed;
--       the call

local now, seq, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local spent

if ARGV[4] ~= '' then
    spent = { usd = tonumber(ARGV[4]), tokens = tonumber(ARGV[5]),
              requests = tonumber(ARGV[6]) }
end

local stamp = guard()

if not stamp then
    return { STALE, CALL }
end

sweep(now, seq)

local budgets = load_budgets(8, n)
local out = { 1, stamp }

if seq > 0 and not finish(seq, spent, budgets) then
    out[1] = 0

elseif ARGV[7] == '1' then
    count_usage(8 + 9 * n)
end

for _, b in ipairs(budgets) do
    out[#out + 1] = b.spent
    out[#out + 1] = b.reserved
    out[#out + 1] = b.limit
    out[#out + 1] = crossed(b, now)
end

return { packed(out), CALL }
