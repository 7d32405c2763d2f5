-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Put between common.lua and the scripts that end a request: what the request
-- was is added up for the fleet.
--
--     {llm:}u:HOUR                 totals of a clock hour (hours since 1970)
--     {llm:}u:HOUR:DIMENSION       rows: model, provider, endpoint, tag:NAME
--     {llm:}u:HOUR:user            the same by user, at the first hour of a
--                                  UTC day for all of the day
--     {llm:}u:HOUR:rank            cost of each of those users
--
-- The fields of a row are METRIC:NAME.  What has no row is the total less the
-- rows, which the reader calls "other".
--
-- Several requests of one hour that are alike in all names may be one.
--
-- ARGV from USAGE on: time, the TOTALS, model, provider, endpoint, user, number
-- of tags, their names and values

local TOTALS = { 'count', 'input', 'output', 'cost', 'cached', 'reasoning',
                 'saved', 'hits', 'misses', 'calls', 'unpriced' }
local METRICS = 4                   -- of them, those that a row has

local KEEP_USAGE = 33 * 86400       -- 744 hours and the day they begin in
local NAMES = 1000                  -- rows of a dimension an hour
local USERS = 1000                  -- rows a day


-- adds those of the totals that a row has, without the count

local function count(key, at, last, suffix)
    for i = 2, last do
        if ARGV[at + i - 1] ~= '0' then
            redis.call('HINCRBY', key, TOTALS[i] .. suffix, ARGV[at + i - 1])
        end
    end
end


local function index_usage(key, hour)
    redis.call('ZADD', KEYS[4], 'NX', text(hour * 3600 + KEEP_USAGE), key)
end


-- a count that is what was added now is a new one

local function is_new(key, at, suffix)
    return redis.call('HINCRBY', key, 'count' .. suffix, ARGV[at])
           == tonumber(ARGV[at])
end


-- The first names of an hour have rows.

local function count_name(key, hour, at, name)
    local suffix = ':' .. name

    if is_new(key, at, suffix) then
        local rows = redis.call('HINCRBY', key, 'rows', 1)

        if rows == 1 then
            index_usage(key, hour)
        end

        if rows > NAMES then
            redis.call('HDEL', key, 'count' .. suffix)
            redis.call('HINCRBY', key, 'rows', -1)
            return
        end
    end

    count(key, at, METRICS, suffix)
end


-- The dearest users of a day have rows: when there is one too many, the one
-- that has spent least, but not the newcomer, gives up its row.

local function count_user(key, rank, day, at, user)
    local suffix = ':' .. user

    if is_new(key, at, suffix) then
        local users = redis.call('ZCARD', rank)

        if users == 0 then
            index_usage(key, day)
            index_usage(rank, day)

        elseif users >= USERS then
            local least = redis.call('ZPOPMIN', rank)

            for i = 1, METRICS do
                redis.call('HDEL', key, TOTALS[i] .. ':' .. least[1])
            end
        end
    end

    count(key, at, METRICS, suffix)
    redis.call('ZINCRBY', rank, ARGV[at + 3], user)
end


local function count_usage(usage)
    local hour = math.floor(tonumber(ARGV[usage]) / 3600)
    local day = hour - hour % 24
    local at = usage + 1
    local names = at + #TOTALS
    local key = TAG .. 'u:' .. text(hour)
    local of_day = TAG .. 'u:' .. text(day)

    if is_new(key, at, '') then
        index_usage(key, hour)
    end

    count(key, at, #TOTALS, '')
    count_name(key .. ':model', hour, at, ARGV[names])
    count_name(key .. ':provider', hour, at, ARGV[names + 1])
    count_name(key .. ':endpoint', hour, at, ARGV[names + 2])
    count_user(of_day .. ':user', of_day .. ':rank', day, at, ARGV[names + 3])

    for i = names + 5, names + 3 + 2 * tonumber(ARGV[names + 4]), 2 do
        count_name(key .. ':tag:' .. ARGV[i], hour, at, ARGV[i + 1])
    end
end
