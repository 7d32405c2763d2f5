-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Put in front of the scripts that keep and forget answers: the books of what
-- is kept.  They say what an answer takes and by what it is found, and end with
-- the answer's time.  One that the server has evicted stays in them until
-- then: what they say is the most that there may be.
--
-- KEYS of all of them:
--
--     1  {llm:}c        index of answers, scored by the end of their time
--     2  {llm:}cm       of each answer: bytes, time made, names, model
--     3  {llm:}cs       sums: b, n, v (bytes, answers, pushed out), and the
--                       same of each model, as b:MODEL
--     4  {llm:}ce       number of the last purge
--     5  {llm:}cp       the last purges, latest first

local KEEP_PURGES = 64
local MODELS = 64 * 3 + 3           -- fields of the sums, at most
local OVERHEAD = 256                -- of each answer, in the byte budget

local NOW = redis.call('TIME')
local TIME = tonumber(NOW[1])


local function text(n)
    return string.format('%.0f', n)
end


local function number(s)
    return tonumber(s or '0') or 0
end


local function count(field, n)
    if n ~= 0 and redis.call('HINCRBY', KEYS[3], field, text(n)) <= 0 then
        redis.call('HDEL', KEYS[3], field)
    end
end


local function counts(model, n, bytes, evicted)
    count('n', n)
    count('b', bytes)
    count('v', evicted)
    count('n:' .. model, n)
    count('b:' .. model, bytes)
    count('v:' .. model, evicted)
end


local function facts_of(key)
    local facts = redis.call('HGET', KEYS[2], key)

    if not facts then
        return nil
    end

    local bytes, stored, names, model
        = string.match(facts, '^(%d+) (%d+) (%S*) (.*)$')

    return { bytes = number(bytes), stored = number(stored),
             names = names or '', model = model or '' }
end


-- 1 when there was such an answer

local function forget(key, evicted)
    local facts = facts_of(key)

    redis.call('ZREM', KEYS[1], key)

    if facts then
        redis.call('HDEL', KEYS[2], key)
        counts(facts.model, -1, -facts.bytes, evicted and 1 or 0)
    end

    return redis.call('UNLINK', key)
end


local function sweep(max)
    for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf',
                                    text(TIME), 'LIMIT', 0, max))
    do
        forget(key)
    end
end
