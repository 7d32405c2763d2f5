-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- A stream that lives long keeps its reservation.  What has expired already
-- stays so: its settlement is applied in full all the same.
--
-- KEYS: as in common.lua
-- ARGV: seconds it lives from now on

if not guard() then
    return { STALE, CALL }
end

if redis.call('HGET', KEYS[7], 'state') ~= 'open' then
    return { 0, CALL }
end

redis.call('ZADD', KEYS[2], text(TIME + tonumber(ARGV[1])), KEYS[7])

return { 1, CALL }
