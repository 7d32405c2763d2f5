-- Copyright (C) 2026 the ngx_llm_cost_module authors
--
-- For wrk: chat requests of some 2 KB with a fresh text each time, made of
-- words in random order.  Arguments: "stream" for streams; a number for that many
-- texts, the same ones in every run, which are asked again and again.

local words = {}

for word in ([[the of and to in that is was for on are with as be at one have
    this from or had by hot word but what some we can out other were all there
    when up use your how said an each she which do their time if will way about
    many then them write would like so these her long make thing see him two
    has look more day could go come did number sound no most people my over
    know water than call first who may down side been now find any new work
    part take get place made live where after back little only round man year
    came show every good give our under budget tokens request response latency
    configuration reservation settlement]]):gmatch("%S+")
do
    words[#words + 1] = word
end

local stream = ""
local same

function init(args)
    for _, arg in ipairs(args) do
        if arg == "stream" then
            stream = '"stream":true,'
        elseif tonumber(arg) then
            math.randomseed(1)
            same = {}

            for i = 1, tonumber(arg) do
                same[i] = fresh(i .. " ")
            end
        end
    end

    math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16)
                    % 1000000)
end

local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer sk-benchmark-key",
}

function request()
    return same and same[math.random(#same)] or fresh("")
end

function fresh(first)
    local text = {}

    for i = 1, 340 do
        text[i] = words[math.random(#words)]
    end

    return wrk.format("POST", "/v1/chat/completions", headers,
        '{"model":"gpt-4o-mini",' .. stream
        .. '"messages":[{"role":"system","content":"You are a benchmark."},'
        .. '{"role":"user","content":"' .. first .. table.concat(text, " ") .. '"}]}')
end
