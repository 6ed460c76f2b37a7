-- A turn: one call of one function, from reading what is due to the journal entry.
--
-- Records (experts, tickets, offers, sessions) are read once, kept in the turn and written back at its end.
-- Rooms plug in by name: R.on_deadline[kind], R.on_settle (a list), R.listen(signal, handler).
R.on_deadline = {}
R.on_settle = {}
local listeners = {}
local DUE_MAX, ENTRY_MAX, OP_KEEP_MS = 1000, 1000000, "600000"

-- The libraries may be named only while a function runs, not while the library loads.
local function pack(value) return cmsgpack.pack(value) end
local function unpack_(bytes) return cmsgpack.unpack(bytes) end

function R.listen(signal, handler)
  listeners[signal] = listeners[signal] or {}
  listeners[signal][#listeners[signal] + 1] = handler
end

function R.tell(turn, signal, ...)
  for _, handler in ipairs(listeners[signal] or {}) do handler(turn, ...) end
end

function R.refuse(code, detail)
  return { refused = code, detail = detail or "" }
end

local function store_ms()
  local t = redis.call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function base36(n)
  local digits, out = "0123456789abcdefghijklmnopqrstuvwxyz", ""
  repeat
    local d = n % 36
    out = digits:sub(d + 1, d + 1) .. out
    n = (n - d) / 36
  until n < 1
  return out
end

local function new_epoch()
  local t = redis.call("TIME")
  return base36(t[1] * 1000000 + t[2])
end

local function begin(p, now)
  local head = redis.call("HMGET", K.head(p), "epoch", "seq", "at", "n")
  local turn = { p = p, events = {}, cache = {}, dirty = {}, touched = {}, due = 0 }
  turn.epoch = head[1] or new_epoch()
  turn.fresh = not head[1]
  turn.seq = tonumber(head[2] or "0")
  turn.n = tonumber(head[4] or "0")
  turn.n_before = turn.n
  if now == 0 then now = store_ms() end
  -- Time never runs backwards within a pool, whatever a failover or a skewed clock says.
  turn.now = math.max(now, tonumber(head[3] or "0"))
  turn.began = turn.now
  return turn
end

-- Records ---------------------------------------------------------------------------------------------------

function R.get(turn, kind, id)
  local slot = turn.cache[kind]
  if not slot then slot = {}; turn.cache[kind] = slot end
  local record = slot[id]
  if record == nil then
    local raw = redis.call("HGET", K[kind](turn.p), id)
    record = raw and unpack_(raw) or false
    slot[id] = record
  end
  return record or nil
end

function R.put(turn, kind, id, record)
  turn.cache[kind] = turn.cache[kind] or {}
  turn.cache[kind][id] = record or false
  turn.dirty[kind] = turn.dirty[kind] or {}
  turn.dirty[kind][id] = true
end

local function flush(turn)
  for kind, ids in pairs(turn.dirty) do
    local at = K[kind](turn.p)
    for id in pairs(ids) do
      local record = turn.cache[kind][id]
      if record then redis.call("HSET", at, id, pack(record)) else redis.call("HDEL", at, id) end
    end
  end
end

-- Settings are only read, so the last ones unpacked serve every call that finds the same bytes.
local settings_raw, settings_read
function R.settings(turn)
  if turn.settings == nil then
    local raw = redis.call("GET", K.settings(turn.p))
    if raw and raw ~= settings_raw then settings_raw, settings_read = raw, unpack_(raw) end
    turn.settings = raw and settings_read or false
  end
  return turn.settings or nil
end

function R.new_id(turn, letter)
  turn.n = turn.n + 1
  return letter .. base36(turn.n) .. "-" .. turn.epoch
end

-- Events, deadlines, dispatch -------------------------------------------------------------------------------

function R.emit(turn, event)
  turn.events[#turn.events + 1] = event
end

function R.deadline(turn, name, at)
  redis.call("ZADD", K.deadlines(turn.p), at, name)
end

function R.no_deadline(turn, name)
  redis.call("ZREM", K.deadlines(turn.p), name)
end

-- Marks an expert whose line may have to move on; each is settled once, in the order of touching.
function R.touch(turn, expert)
  if not turn.touched[expert] then
    turn.touched[expert] = true
    table.insert(turn.touched, expert)
  end
end

function R.settle(turn)
  while #turn.touched > 0 do
    local experts = turn.touched
    turn.touched = {}
    for _, expert in ipairs(experts) do
      for _, step in ipairs(R.on_settle) do step(turn, expert) end
    end
  end
end

-- Runs what is due, each deadline at its own time, so that what happens does not depend on who looked when.
local function run_due(turn)
  while turn.due < DUE_MAX do
    local due = redis.call("ZRANGEBYSCORE", K.deadlines(turn.p), "-inf", turn.began, "WITHSCORES", "LIMIT", 0, 1)
    if not due[1] then break end
    redis.call("ZREM", K.deadlines(turn.p), due[1])
    turn.due = turn.due + 1
    turn.now = math.max(tonumber(due[2]), turn.last_due or 0)
    turn.last_due = turn.now
    local kind, id = due[1]:match("^([a-z]+):(.*)$")
    if R.on_deadline[kind] then
      R.on_deadline[kind](turn, id)
      R.settle(turn)
    else
      -- A newer release beside this one knows it: it is put off, for nothing of the pool may stop over it.
      redis.call("ZADD", K.deadlines(turn.p), turn.began + 1000, due[1])
    end
  end
  turn.now = turn.began
end

-- Writes the records back and appends the entry; a second commit of one turn adds nothing.
function R.commit(turn)
  if turn.committed then return end
  turn.committed = true
  flush(turn)
  if #turn.events == 0 and turn.n == turn.n_before and not turn.fresh then return end
  local head = { "epoch", turn.epoch, "n", turn.n, "at", turn.now, "seq", turn.seq }
  if #turn.events > 0 then
    turn.seq = turn.seq + 1
    head[8] = turn.seq
    local entry = pack({ turn.epoch, turn.seq, turn.now, turn.events })
    redis.call("XADD", K.journal(turn.p), "MAXLEN", "~", ENTRY_MAX, turn.seq .. "-0", "e", entry)
    redis.call("SPUBLISH", K.live(turn.p), entry)
  end
  redis.call("HSET", K.head(turn.p), unpack(head))
end

-- Published, never stored.
function R.whisper(turn, event)
  redis.call("SPUBLISH", K.live(turn.p), pack({ turn.epoch, 0, turn.now, { event } }))
end

-- Registration ----------------------------------------------------------------------------------------------

local function answer(turn, result)
  result = result or {}
  result.seq = #turn.events > 0 and turn.seq or 0
  result.at = turn.now
  return pack(result)
end

-- A command: args are now (ms, 0 for the store's time), the operation's key ("" for none) and the packed arguments.
-- A repeat of an operation gets the first answer, whether it was a grant or a refusal.
function R.command(name, body)
  redis.register_function(PREFIX .. name, function(keys, args)
    local p, op = keys[1], args[2]
    if op ~= "" then
      local before = redis.call("GET", K.op(p, op))
      if before then return before end
    end
    local turn = begin(p, tonumber(args[1]))
    run_due(turn)
    local result = body(turn, unpack_(args[3]))
    R.settle(turn)
    R.commit(turn)
    local packed = answer(turn, result)
    if op ~= "" then redis.call("SET", K.op(p, op), packed, "PX", OP_KEEP_MS) end
    return packed
  end)
end

