-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Forget answers, some hundred in a call.  With the last call the purge gets
-- its number and is written down, so that every node forgets its copies, too:
-- a copy that is made of what a node has read before is not kept there,
-- because what it has read had another number.
--
-- KEYS: as in answers.lua; the answer, where it is about one
-- ARGV: cursor, 0 at first; answers to look at; two names that it has to have
--       and the time before which it was made: each may be empty; what the
--       nodes read of it
--
-- Answer: the next cursor, 0 at the end; answers that were forgotten

local cursor = ARGV[1]
local before = tonumber(ARGV[5])
local deleted = 0


local function has(facts, name)
    return name == '' or string.find(',' .. facts.names .. ',',
                                     ',' .. name .. ',', 1, true)
end


local function meant(facts)
    return has(facts, ARGV[3]) and has(facts, ARGV[4])
           and (not before or facts.stored < before)
end


local function consider(key)
    local facts = facts_of(key)

    if facts and meant(facts) then
        deleted = deleted + forget(key)
    end
end


if KEYS[6] then
    consider(KEYS[6])
    cursor = '0'
else
    local page = redis.call('HSCAN', KEYS[2], cursor, 'COUNT', ARGV[2])

    cursor = page[1]

    for i = 1, #page[2], 2 do
        consider(page[2][i])
    end
end

if cursor == '0' then
    local last = number(redis.call('GET', KEYS[4]))
    local purge = math.max(last + 1, TIME * 1000000 + tonumber(NOW[2]))

    redis.call('SET', KEYS[4], text(purge))
    redis.call('LPUSH', KEYS[5], text(purge) .. ' ' .. text(last) .. ' '
                                 .. ARGV[6])
    redis.call('LTRIM', KEYS[5], 0, KEEP_PURGES - 1)
end

return { cursor, deleted }
