-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Another limit for a counter until its window ends.  A name has one unit at a
-- time, but which is known to its counter only: each that it could have is
-- asked for.
--
-- KEYS: {llm:}b:NAME:KEY:UNIT:PERIOD:START of each unit
-- ARGV: the limit in each unit, -1 for none, empty where it is no amount of it
--
-- Answer: -1 and the counter as budgets.lua has it; -1 alone where there is
--       none; -2 and the unit in which the limit is no amount; -3 for several

local found

for i, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then
        if found then
            return { -3 }
        end

        found = i
    end
end

if not found then
    return { -1 }
end

local key, limit = KEYS[found], ARGV[found]

if limit == '' then
    return { -2, redis.call('HGET', key, 'unit') }
end

-- how far it had come tells the age of the limit, should it be lost

redis.call('HSET', key, 'patched', limit,
           'patched_at', redis.call('HGET', key, 'spent') or '0')

local row = redis.call('HMGET', key, 'name', 'key', 'unit', 'period', 'start',
                       'end', 'patched', 'mode', 'spent', 'reserved')
local out = { -1 }

for i = 1, 10 do
    out[i + 1] = row[i] or '0'
end

return out
