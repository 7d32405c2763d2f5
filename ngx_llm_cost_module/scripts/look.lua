-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Put in front of common.lua for the script of admission.  Where no budget of
-- the request counts requests, a cached answer takes nothing: it is given back
-- before anything else of the script has run.  What is no answer, and what
-- there is not, is left to the script.
--
-- KEYS, ARGV: as in admit.lua
--
-- Answer: 5, the number of the last purge, the cached answer; the call

if ARGV[6] == '3' then
    local n = tonumber(ARGV[4])
    local found = redis.call('MGET', KEYS[8 + n], KEYS[9 + n])

    if found[1] and string.sub(found[1], 1, 4) == 'llmc' then
        return { 5, found[2] or '0', found[1], ARGV[#ARGV - 2] }
    end
end
