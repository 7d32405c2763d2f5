-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Admission: look the answer up, and reserve in all budgets of the request or
-- in none.  Asking twice with one identity reserves once.
--
-- KEYS: as in common.lua; the cached answer's after the counters, if any, and
--       the number of the last purge
-- ARGV: now, seconds the reservation lives, seq, number of budgets, 1 when it
--       is charged on expiry, 1 when the answer was found elsewhere (2: it was
--       admitted before and is made again, whatever fits; 3: a hit takes
--       nothing, see look.lua, so there was none), most and least of
--       each unit, the budgets; for a trial, which changes nothing where it is
--       refused, a percentage of each budget's limit from which on it is
--       refused, or 0
--
-- Answer: packed: what (FITS ..), index of the budget that refuses, 1 for a
--       hit, granted amounts, the stamp, then for each budget spent, reserved,
--       limit, and 1 for the first refusal of its window; of a hit the number
--       of the last purge and the cached answer; the call

local FITS, SHORT, NEVER, CLOSED = 0, 1, 2, 6

local now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local seq, n = tonumber(ARGV[3]), tonumber(ARGV[4])
local trial = n > 0 and #ARGV > 16 + 9 * n
local stamp = guard()

if not stamp then
    return { STALE, CALL }
end


local function answer(what, refused, granted, budgets, hit, entry)
    local out = { what, refused, hit and 1 or 0, granted.usd,
                  granted.tokens, granted.requests, stamp }

    for _, b in ipairs(budgets) do
        out[#out + 1] = b.spent
        out[#out + 1] = b.reserved
        out[#out + 1] = b.limit
        out[#out + 1] = b.mark or 0
    end

    if entry then
        return { packed(out), redis.call('GET', KEYS[9 + n]) or '0', entry,
                 CALL }
    end

    return { packed(out), CALL }
end


-- the budget has come to the fraction beyond which it is kept for others

local function past(b, i)
    local percent = trial and tonumber(ARGV[12 + 9 * n + i]) or 0

    return percent > 0 and b.spent + b.reserved >= threshold(b.limit, percent)
end


-- The same amount of a unit in all its budgets: as much as fits, up to most.
-- What can never fit is said first; of several budgets that are short, the one
-- whose window ends last is named, because before that a retry is in vain.

local function grant(budgets, granted, least)
    local what, refused, last = FITS, 0, -1

    for i, b in ipairs(budgets) do
        if b.enforced then
            local room = math.max(b.limit - b.spent - b.reserved, 0)

            if least[b.unit] > b.limit then
                return NEVER, i
            end

            if room < least[b.unit]
               or (least[b.unit] > 0 and past(b, i))
            then
                local finish = b.finish == '0' and math.huge
                               or tonumber(b.finish)
                what, b.short = SHORT, true

                if finish > last then
                    refused, last = i, finish
                end
            end

            granted[b.unit] = math.min(granted[b.unit], room)
        end
    end

    return what, refused
end


-- The first refusal of a window raises the alert of 100 percent, unless
-- settled spend has raised it before.

local function refuse(b)
    b.mark = redis.call('HSETNX', b.counter, 'refused', text(now))

    for _, percent in ipairs(b.alerts) do
        if percent == 100 and not raise(b, 100, now) then
            b.mark = 0
        end
    end

    save_budget(b)
end


-- A hit costs no money and no tokens.  Where requests are counted it is reserved
-- and settled as any other: were its answer lost, nobody could take back what
-- was over at once.

local function is_counted(budgets)
    for _, b in ipairs(budgets) do
        if b.unit == 'requests' then
            return true
        end
    end
end


local function reserve(budgets, granted)
    local hold = { KEYS[7], 'state', 'open', 'charge', ARGV[5],
                   'made', text(stamp),
                   'usd', text(granted.usd), 'tokens', text(granted.tokens),
                   'requests', text(granted.requests) }

    for i, b in ipairs(budgets) do
        save_budget(b)
        add(b.counter, 'reserved', granted[b.unit])
        b.reserved = b.reserved + granted[b.unit]

        hold[#hold + 1] = text(i)
        hold[#hold + 1] = b.counter
    end

    redis.call('HSET', unpack(hold))
    redis.call('ZADD', KEYS[2], text(TIME + ttl), KEYS[7])
end


sweep(now, seq)

local budgets = load_budgets(13, n)
local nothing = { usd = 0, tokens = 0, requests = 0 }

local chunks = node_chunks(KEYS[6])

if is_closed(KEYS[6], seq, chunks) then
    return answer(CLOSED, 0, nothing, budgets)
end

local open = load_hold(KEYS[7])

if open then
    return answer(open.state == 'open' and FITS or CLOSED, 0, open, budgets)
end

-- what is no answer at all is a miss, and is removed

local entry = KEYS[8 + n] and redis.pcall('GET', KEYS[8 + n]) or nil

if entry and (type(entry) ~= 'string' or string.sub(entry, 1, 4) ~= 'llmc')
then
    redis.call('UNLINK', KEYS[8 + n])
    entry = nil
end

local hit = entry or ARGV[6] == '1'
local granted = { usd = tonumber(ARGV[7]), tokens = tonumber(ARGV[8]),
                  requests = tonumber(ARGV[9]) }
local least = { usd = tonumber(ARGV[10]), tokens = tonumber(ARGV[11]),
                requests = tonumber(ARGV[12]) }

if hit then
    least.usd, least.tokens = 0, 0
    granted.usd, granted.tokens = 0, 0
end

local what, refused = FITS, 0

if ARGV[6] ~= '2' then
    what, refused = grant(budgets, granted, least)
end

if what ~= FITS then
    for i, b in ipairs(trial and {} or budgets) do
        if b.short then
            refuse(b)
        end
    end

    -- a copy that comes when there is room again must not reserve

    close(KEYS[6], seq, chunks)

    return answer(what, refused - 1, nothing, budgets, hit)
end

if hit and not is_counted(budgets) then
    close(KEYS[6], seq, chunks)
else
    reserve(budgets, granted)
end

return answer(FITS, 0, granted, budgets, hit, entry)
