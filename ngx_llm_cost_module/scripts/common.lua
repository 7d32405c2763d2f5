-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- Put in front of every script of this folder: names, reservations, their
-- identities, and the sweeping of what is over.
--
-- An amount is an integer below 2^53, which a Lua number holds exactly; it is
-- given to commands as '%d', never through tostring(), which would round.
--
-- KEYS of every script that changes money, in this order:
--
--     1  {llm:}b               index of counters, scored by window end
--     2  {llm:}r               index of reservations, scored by expiry
--     3  {llm:}n               index of nodes, scored by last use
--     4  {llm:}u               index of usage hashes, scored by end of life
--     5  {llm:}a               the last alerts, a stream
--     6  {llm:}n:NODE          highest and lowest chunk of closed identities
--     7  {llm:}r:NODE:SEQ      the reservation
--     8  ...                   {llm:}b:NAME:KEY:UNIT:PERIOD:START, one each
--
-- All but the sweep know their keys.  The sweep finds its keys in the indexes.
--
-- The last four of ARGV, in a script that is guarded: 1 when another incarnation
-- may have been told of it before, the number of the call, the highest stamp that
-- the node has seen, and the incarnation that it knows (see below).  The number
-- is the last of the answer: who gets the answer to another call, because one was
-- lost on the way, can tell.

local UNITS = { 'usd', 'tokens', 'requests' }

local KEEP_COUNTER = 86400          -- after the end of its window
local KEEP_EXPIRED = 86400          -- an expired reservation waits for its
                                    -- settlement that long
local KEEP_NODE = 7 * 86400         -- identities of a node nobody hears of
local LINGER = 60                   -- how long a node that is silent is there

local CHUNK = 8192                  -- identities in one bitmap: 1 KB
local CHUNKS = 128                  -- bitmaps of one node: 128 KB at most

local TAG = string.sub(KEYS[1], 1, -2)
local NOW = redis.call('TIME')
local TIME = tonumber(NOW[1])


local function text(n)
    return string.format('%d', n)
end


local function number(s)
    return tonumber(s or '0') or 0
end


-- Of an answer that is given all the time the numbers are one string, eight
-- bytes each: who reads it has one value to take apart, and not thirty.

local function packed(numbers)
    return struct.pack('<' .. string.rep('i8', #numbers), unpack(numbers))
end


local function add(key, field, n)
    if n ~= 0 then
        redis.call('HINCRBY', key, field, text(n))
    end
end


-- The incarnation of the store.  {llm:}i has a random id, made by the first
-- node that came, and a stamp that ascends with every command.  Where the id is
-- gone, or the stamp is behind what a node has seen, the store has lost what
-- it had confirmed; where the server says of itself that it is another one, it
-- may have.  Then it gets a new id, and nothing is counted for a node that
-- knows the old one, until that node has joined again (join.lua).
--
-- When a node comes, the stamp jumps to the time of day in microseconds, which
-- no stamp of before has reached, and {llm:}g remembers the gap: its end by its
-- beginning.  A store that has gone back, and was found first by a node that
-- could not know, goes on beyond all that others have seen; but what they have
-- seen is in that gap, where nobody can have been.

local STORE = TAG .. 'i'
local GAPS = TAG .. 'g'
local STALE = -7

local CALL = ARGV[#ARGV - 2]
local AGAIN = ARGV[#ARGV - 3] == '1'

-- where the gap begins that this stamp is in, or nil

local function gap_of(stamp)
    local from = redis.call('ZRANGEBYSCORE', GAPS, '(' .. text(stamp), '+inf',
                            'LIMIT', 0, 1)[1]

    return from and tonumber(from) < stamp and tonumber(from) or nil
end


-- the stamp of this command, or nil: the node has to join first

local function guard()
    local f = redis.call('HMGET', STORE, 'id', 'gap')
    local seen = tonumber(ARGV[#ARGV - 1])

    if f[1] ~= ARGV[#ARGV] then
        return nil
    end

    local stamp = redis.call('HINCRBY', STORE, 'n', 1)

    if stamp <= seen or (seen < number(f[2]) and gap_of(seen)) then

        -- the stamp is then that of what the store has

        redis.call('HINCRBY', STORE, 'n', -1)
        redis.call('HDEL', STORE, 'id')
        return nil
    end

    return stamp
end


-- Of what was spent in a counter, what the reservations of this node have, by
-- their settlements: should the store lose it, that node knows it as well and
-- has it restored, whatever else has become of the counter (balance.lua).

local PART = KEYS[6] and 's:' .. string.sub(KEYS[6], #TAG + 3)


-- What is held leaves a counter and what is spent comes; all of it is the
-- node's, also what had been charged before.  A counter that an operator has
-- deleted is not brought back by what was held in it before.

local function move(counter, held, spent, part)
    local f = redis.call('HMGET', counter, 'reserved', 'name')

    if f[1] then
        add(counter, 'reserved', -math.min(held, tonumber(f[1])))
    end

    if f[2] then
        add(counter, 'spent', spent)

        if part then
            add(counter, PART, part)
        end
    end
end


-- The unit is the third part from the end; a payer's key may hold colons, but
-- what follows it never does.

local function unit_of(counter)
    return string.match(counter, ':(%a+):%a+:%d+$')
end


-- Identities.  A node numbers its reservations upwards; of every number one
-- bit says that it is settled or cancelled for good.  What lies more than
-- CHUNKS chunks below the highest number counts as closed, so that a copy of
-- an old command changes nothing, however late it comes and over whichever
-- connection, and a node never takes more than 128 KB.

local function node_chunks(node)
    local f = redis.call('HMGET', node, 'low', 'high', 'used')

    return { low = tonumber(f[1]), high = tonumber(f[2]), used = number(f[3]) }
end


local function is_closed(node, seq, chunks)
    local chunk = math.floor(seq / CHUNK)

    if chunk <= (chunks.high or 0) - CHUNKS then
        return true
    end

    return redis.call('GETBIT', node .. ':' .. text(chunk), seq % CHUNK) == 1
end


local function trim_node(node, low, high)
    local last = math.min(high - CHUNKS, low + 15)

    for chunk = low, last do
        redis.call('DEL', node .. ':' .. text(chunk))
    end

    return math.max(low, last + 1)
end


local function close(node, seq, chunks)
    local chunk = math.floor(seq / CHUNK)
    local low = math.min(chunks.low or chunk, chunk)
    local high = math.max(chunks.high or chunk, chunk)

    if chunk > high - CHUNKS then
        redis.call('SETBIT', node .. ':' .. text(chunk), seq % CHUNK, 1)
    else
        low = chunks.low
    end

    low = trim_node(node, low, high)

    if low ~= chunks.low or high ~= chunks.high or chunks.used + 60 < TIME then
        redis.call('HSET', node, 'low', text(low), 'high', text(high),
                   'used', text(TIME))
        redis.call('ZADD', KEYS[3], text(TIME), node)
    end
end


-- A reservation as a table: state, usd, tokens, requests, charge, made (the stamp
-- of its admission), and at 1..n the keys of its counters; nil when there is none.

local function load_hold(key)
    local flat = redis.call('HGETALL', key)
    local hold = {}

    if #flat == 0 then
        return nil
    end

    for i = 1, #flat, 2 do
        hold[tonumber(flat[i]) or flat[i]] = flat[i + 1]
    end

    for _, unit in ipairs(UNITS) do
        hold[unit] = number(hold[unit])
    end

    return hold
end


-- The time of an open reservation is up: what it held is spent, or let go, as
-- its owner configured; a request counts in any case.  The record stays for a
-- day with what was charged, so that a settlement which comes after all is
-- applied in full: the counters then get the difference.

local function expire(key, hold)
    local charged = {}

    for _, unit in ipairs(UNITS) do
        if hold.charge == '1' or unit == 'requests' then
            charged[unit] = hold[unit]
        else
            charged[unit] = 0
        end
    end

    for _, counter in ipairs(hold) do
        local unit = unit_of(counter)

        move(counter, hold[unit], charged[unit])
    end

    redis.call('HSET', key, 'state', 'expired', 'usd', text(charged.usd),
               'tokens', text(charged.tokens),
               'requests', text(charged.requests))
    redis.call('ZADD', KEYS[2], text(TIME + KEEP_EXPIRED), key)
end


local function sweep_holds(max)
    local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(TIME),
                           'LIMIT', 0, max)

    for _, key in ipairs(due) do
        local hold = load_hold(key)

        if hold and hold.state == 'open' then
            expire(key, hold)

        else
            if hold then
                local node, seq = string.match(key, '([^:]*):(%d+)$')

                node = TAG .. 'n:' .. node
                close(node, tonumber(seq), node_chunks(node))
            end

            redis.call('DEL', key)
            redis.call('ZREM', KEYS[2], key)
        end
    end
end


-- Both clocks must say that a window is over for a day, that of the node and
-- ours, so that one wrong clock deletes nothing that is live.  A counter with
-- something reserved in it stays until that is settled or expires.

local function sweep_counters(now, max)
    local over = math.min(now, TIME) - KEEP_COUNTER
    local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(over),
                           'LIMIT', 0, max)

    for _, key in ipairs(due) do
        if number(redis.call('HGET', key, 'reserved')) > 0 then
            redis.call('ZADD', KEYS[1], text(over + 3600), key)
        else
            redis.call('DEL', key)
            redis.call('ZREM', KEYS[1], key)
        end
    end
end


local function sweep_usage(now)
    local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf',
                           text(math.min(now, TIME)), 'LIMIT', 0, 1)

    for _, key in ipairs(due) do
        redis.call('UNLINK', key)
        redis.call('ZREM', KEYS[4], key)
    end
end


local function sweep_nodes()
    local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf',
                           text(TIME - KEEP_NODE), 'LIMIT', 0, 1)

    for _, node in ipairs(due) do
        local f = redis.call('HMGET', node, 'low', 'high')

        for chunk = number(f[1]), number(f[2]) do
            redis.call('DEL', node .. ':' .. text(chunk))
        end

        redis.call('DEL', node)
        redis.call('ZREM', KEYS[3], node)
    end
end


-- Bounded work in every call; a backlog is worked off by the calls that follow.
-- What is not urgent is looked at in one call of sixteen.

local function sweep(now, seq)
    sweep_holds(16)

    if seq % 16 == 0 then
        sweep_counters(now, 16)
        sweep_usage(now)
        sweep_nodes()
    end
end


-- Budgets of a request, nine values each, from ARGV[at] on.  finish is 0 where
-- a window has no end, limit is -1 where there is none.

local function load_budgets(at, n)
    local budgets = {}

    for i = 1, n do
        local a = at + (i - 1) * 9
        local b = { counter = KEYS[7 + i], name = ARGV[a], key = ARGV[a + 1],
                    unit = ARGV[a + 2], period = ARGV[a + 3],
                    start = ARGV[a + 4], finish = ARGV[a + 5],
                    asked = ARGV[a + 6], mode = ARGV[a + 7],
                    alerts = {} }
        local f = redis.call('HMGET', b.counter, 'spent', 'reserved',
                             'limit', 'patched', 'mode')

        for percent in string.gmatch(ARGV[a + 8], '%d+') do
            b.alerts[#b.alerts + 1] = tonumber(percent)
        end

        b.spent = number(f[1])
        b.reserved = number(f[2])
        b.saved = f[3] == b.asked and f[5] == b.mode
        b.limit = tonumber(f[4] or b.asked)
        b.enforced = b.mode == 'enforce' and b.limit >= 0

        budgets[i] = b
    end

    return budgets
end


-- makes the counter of a budget, or tells it the limit of today

local function save_budget(b)
    if b.saved then
        return
    end

    redis.call('HSET', b.counter, 'name', b.name, 'key', b.key,
               'unit', b.unit, 'period', b.period, 'start', b.start,
               'end', b.finish, 'limit', b.asked, 'mode', b.mode)
    redis.call('ZADD', KEYS[1], b.finish == '0' and 'inf' or b.finish,
               b.counter)
end


-- The amount from which on spent is percent of limit or more, rounded up, in
-- steps that stay below 2^53.

local function threshold(limit, percent)
    local hundredth = math.floor(limit / 100)
    local rest = limit - hundredth * 100

    return hundredth * percent + math.ceil(rest * percent / 100)
end


-- An alert for whoever listens on {llm:}alerts.  Amounts are integers; what
-- cannot be published (a user without the right to) is in the stream anyway.

local function publish(b, percent, now)
    local message = '{"time":' .. text(now)
        .. ',"level":"' .. (percent >= 100 and 'error' or 'warning')
        .. '","budget":' .. cjson.encode(b.name)
        .. ',"key":' .. cjson.encode(b.key)
        .. ',"unit":"' .. b.unit .. '","period":"' .. b.period
        .. '","window":' .. b.start
        .. ',"resets_at":' .. (b.finish == '0' and 'null' or b.finish)
        .. ',"threshold":' .. text(percent)
        .. ',"spent":' .. text(b.spent)
        .. ',"limit":' .. text(b.limit) .. '}'

    redis.pcall('PUBLISH', TAG .. 'alerts', message)
end


-- An alert is raised once in a window, over all nodes: true for who may do it.

local function raise(b, percent, now)
    if redis.call('HSETNX', b.counter, 'alert:' .. text(percent), text(now))
       == 0
    then
        return false
    end

    redis.call('XADD', KEYS[5], 'MAXLEN', '~', '1000', '*',
               'time', text(now), 'name', b.name, 'key', b.key,
               'unit', b.unit, 'period', b.period, 'start', b.start,
               'end', b.finish, 'threshold', text(percent),
               'spent', text(b.spent), 'limit', text(b.limit))
    publish(b, percent, now)

    return true
end


-- bits of the alerts that settled spend has just crossed

local function crossed(b, now)
    local bits = 0

    if b.limit < 0 or b.spent == 0 then
        return 0
    end

    for i, percent in ipairs(b.alerts) do
        if b.spent >= threshold(b.limit, percent) and raise(b, percent, now)
        then
            bits = bits + 2 ^ (i - 1)
        end
    end

    return bits
end


-- What a settlement adds of a unit: an admission is a request, however it
-- ended.  spent is nil when the reservation is cancelled.

local function amount(spent, unit, held)
    if not spent then
        return 0
    end

    return unit == 'requests' and held or spent[unit]
end


-- of an amount, what is in the counter as nobody's already (balance.lua)

local function take_rest(b, amount)
    local rest = math.min(math.max(amount, 0),
                          number(redis.call('HGET', b.counter, 'rest')))

    add(b.counter, 'rest', -rest)

    return rest
end


-- What an earlier incarnation was told of, others may have seen in the counter
-- there.  Where they have made it whole since, without this node, it is in there
-- as nobody's, and becomes its own.  Of what was told to none nobody can have
-- known, however late it comes.

local function settle_budget(b, held, spent, part)
    held = math.min(held, b.reserved)

    if AGAIN and redis.call('HEXISTS', STORE, 'whole') == 1 then
        spent = spent - take_rest(b, spent)
    end

    add(b.counter, 'reserved', -held)
    add(b.counter, 'spent', spent)
    add(b.counter, PART, part)

    b.reserved = b.reserved - held
    b.spent = b.spent + spent
end


-- Settle or cancel the identity of KEYS[6] and KEYS[7], once: false when that
-- was done before.  The budgets of the call have its counters as they are;
-- where no reservation is known, because it was made in a zone while Redis was
-- away or Redis has lost it, the amounts are added to them in full.

local function finish(seq, spent, budgets)
    local chunks = node_chunks(KEYS[6])
    local hold = load_hold(KEYS[7])

    -- what is there is open, however many came after it: a batch takes a day

    if not hold and is_closed(KEYS[6], seq, chunks) then
        return false
    end

    local given = {}

    for _, b in ipairs(budgets) do
        given[b.counter] = b

        if spent then
            save_budget(b)
        end

        if spent and not hold then
            settle_budget(b, 0, spent[b.unit], spent[b.unit])
        end
    end

    for _, counter in ipairs(hold or {}) do
        local unit = unit_of(counter)
        local part = amount(spent, unit, hold[unit])
        local charged = part
        local held = hold[unit]

        if hold.state ~= 'open' then
            held, charged = 0, charged - held
        end

        if given[counter] then
            settle_budget(given[counter], held, charged, part)
        else
            move(counter, held, charged, part)
        end
    end

    if hold then
        redis.call('DEL', KEYS[7])
        redis.call('ZREM', KEYS[2], KEYS[7])
    end

    close(KEYS[6], seq, chunks)

    return true
end
