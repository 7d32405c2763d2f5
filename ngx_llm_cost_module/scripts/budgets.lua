-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- One page of the live counters, last to end first.  Counters that come or go
-- meanwhile may shift a page by as many places.
--
-- KEYS: the first five of common.lua
-- ARGV: now, rank of the first, how many to look at, name and key to look for,
--       each behind '=', or empty for all
--
-- Answer: rank of the next page or -1, then for each counter name, key, unit,
--       period, start, end, limit, mode, spent, reserved

local now, rank, max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

if rank == 0 then
    sweep(now, 0)
end

local keys = redis.call('ZREVRANGE', KEYS[1], text(rank),
                        text(rank + max - 1))
local out = { #keys == max and rank + max or -1 }

for _, key in ipairs(keys) do
    local f = redis.call('HMGET', key, 'name', 'key', 'unit', 'period',
                         'start', 'end', 'patched', 'mode', 'spent',
                         'reserved', 'limit')
    local finish = number(f[6])

    if f[1] and (finish == 0 or finish > now) then
        if (ARGV[4] == '' or ARGV[4] == '=' .. f[1])
           and (ARGV[5] == '' or ARGV[5] == '=' .. f[2])
        then
            for i = 1, 10 do
                out[#out + 1] = f[i] or (i == 7 and f[11]) or '0'
            end
        end

    elseif f[1] then
        out[1] = -1
    end
end

return out
