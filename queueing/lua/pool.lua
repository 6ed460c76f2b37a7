-- include: queueing/line
-- What an operator does, and the pool as a whole.
local T, E, O, S = R.ticket, R.expert, R.offer, R.session

local function refused_move(turn, t, a)
  if t.state == "offered" then return R.refuse("offer_open") end
  if t.state ~= "waiting" then return R.refuse("in_session") end
  if a.to ~= "head" and a.to ~= "tail" then return R.refuse("bad_place") end
  if not T.stands_in(t, a.expert) then return T.closed_to(turn, a.expert) end
end

local function within(turn, t, a)
  local ordinal
  if a.to == "tail" then
    -- A fresh ordinal, so that nobody who joins later gets the same one.
    ordinal = T.next_ordinal(turn, a.expert)
  else
    ordinal = T.head(turn, a.expert)
  end
  t.ordinals[a.expert] = ordinal
  redis.call("ZADD", K.line(turn.p, a.expert), ordinal, t.ticket)
end

-- FUNCTION move
-- ARGS ticket expert to reason by terms
-- EMITS ticket offer expert
-- REFUSES no_such_ticket offer_open in_session bad_place unknown_expert expert_offline line_closed line_full
-- Head or tail of a line: within it, or into it and out of all others. Nobody pays more than they agreed to without
-- another yes.
R.command("move", function(turn, a)
  local t = T.get(turn, a.ticket)
  if not t then return R.refuse("no_such_ticket", a.ticket) end
  local no = refused_move(turn, t, a)
  if no then return no end
  if T.stands_in(t, a.expert) then
    within(turn, t, a)
  else
    local head = a.to == "head" and T.head(turn, a.expert) or nil
    T.unplace_all(turn, t)
    T.place(turn, t, a.expert, head, a.terms[a.expert])
    t.must_confirm = t.must_confirm or T.dearer(t)
  end
  t.moved[a.expert] = "operator"
  T.changed(turn, t, "moved", a.reason, a.by)
  T.touch_lines(turn, t)
end)

-- FUNCTION remove
-- ARGS ticket reason by
-- EMITS ticket offer expert
-- REFUSES no_such_ticket in_session
R.command("remove", function(turn, a)
  local t = T.get(turn, a.ticket)
  if not t then return R.refuse("no_such_ticket", a.ticket) end
  if t.session ~= "" then return R.refuse("in_session") end
  if t.state == "offered" then O.withdraw(turn, t.offer, "operator", a.by) end
  T.finish(turn, t, a.reason, a.by, false)
end)

-- FUNCTION configure
-- ARGS settings
-- RETURNS changed
-- EMITS pool
-- Sets the pool's settings; what is already under way keeps its deadlines.
R.command("configure", function(turn, a)
  local packed = cmsgpack.pack(a.settings)
  redis.call("SET", K.settings(turn.p), packed)
  turn.settings = a.settings
  R.emit(turn, { k = "pool", settings = a.settings })
  return { changed = true }
end)

-- FUNCTION run_due
-- RETURNS next ran epoch tail
-- EMITS ticket offer session expert
-- Runs what is due (every function does) and says when the next deadline is; 0 when there is none.
R.command("run_due", function(turn)
  local first = redis.call("ZRANGE", K.deadlines(turn.p), 0, 0, "WITHSCORES")
  R.commit(turn)
  return { next = first[2] and tonumber(first[2]) or 0, ran = turn.due, epoch = turn.epoch, tail = turn.seq }
end)

local function facts_of(turn, kind, facts, wanted)
  local list = {}
  for _, raw in ipairs(redis.call("HVALS", K[kind](turn.p))) do
    local record = cmsgpack.unpack(raw)
    if not wanted or wanted(record) then table.insert(list, facts(record)) end
  end
  return list
end

local function counters(turn)
  local raw, stats = redis.call("HGETALL", K.stats(turn.p)), { joined = 0, served = 0, left = 0, unexplained = 0 }
  for i = 1, #raw, 2 do stats[raw[i]] = tonumber(raw[i + 1]) end
  return stats
end

local function deadline_list(turn)
  local raw, list = redis.call("ZRANGE", K.deadlines(turn.p), 0, -1, "WITHSCORES"), {}
  for i = 1, #raw, 2 do list[#list + 1] = { raw[i], tonumber(raw[i + 1]) } end
  return list
end

-- FUNCTION snapshot
-- RETURNS epoch tail settings experts tickets offers sessions deadlines stats
-- The whole pool at one journal id.
R.command("snapshot", function(turn)
  R.commit(turn)
  return {
    epoch = turn.epoch, tail = turn.seq, settings = R.settings(turn) or {},
    experts = facts_of(turn, "experts", function(e) return E.facts(e, turn.now, "snapshot", "system") end),
    tickets = facts_of(turn, "tickets", function(t) return T.facts(t, "snapshot") end),
    offers = facts_of(turn, "offers", function(o) return O.facts(o, "snapshot") end),
    sessions = facts_of(turn, "sessions", function(s) return S.facts(s, "snapshot") end,
      function(s) return s.state ~= "ended" end),
    deadlines = deadline_list(turn), stats = counters(turn),
  }
end)
