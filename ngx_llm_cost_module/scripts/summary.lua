-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Usage of the clock hours from .. to - 1 (hours since 1970): totals, and the
-- rows of some dimensions.  The reader asks for a few hours at a time.
--
-- KEYS: the first five of common.lua
-- ARGV: from, to, then dimensions: model, provider, endpoint, tag:NAME, user
--
-- Answer: the totals, then for each dimension an array of name, count, input,
--       output, cost

local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])


local function add_hash(sums, key)
    local flat = redis.call('HGETALL', key)

    for i = 1, #flat, 2 do
        sums[flat[i]] = (sums[flat[i]] or 0) + tonumber(flat[i + 1])
    end
end


local function rows_of(dimension)
    local sums, rows = {}, {}

    for hour = from, to - 1 do
        add_hash(sums, TAG .. 'u:' .. text(hour) .. ':' .. dimension)
    end

    for field, n in pairs(sums) do
        local name = string.match(field, '^count:(.*)$')

        if name then
            rows[#rows + 1] = name
            rows[#rows + 1] = n

            for i = 2, METRICS do
                rows[#rows + 1] = sums[TOTALS[i] .. ':' .. name] or 0
            end
        end
    end

    return rows
end


local out, totals = {}, {}

for hour = from, to - 1 do
    add_hash(totals, TAG .. 'u:' .. text(hour))
end

for i, total in ipairs(TOTALS) do
    out[i] = totals[total] or 0
end

for i = 3, #ARGV do
    out[#out + 1] = rows_of(ARGV[i])
end

return out
