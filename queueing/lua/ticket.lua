-- include: presence/expert
-- A ticket: a user's place. It may stand in several lines, and keeps its ordinals until it leaves them.
local T = {}
R.ticket = T

-- The ticket's states and the steps between them. An illegal step is a fault of ours and stops the call.
local STEPS = {
  waiting = { offered = true, done = true },
  offered = { waiting = true, matched = true, done = true },
  matched = { in_session = true, done = true },
  in_session = { done = true },
}

function T.get(turn, id)
  return R.get(turn, "tickets", id)
end

function T.of_user(turn, user)
  local id = R.get(turn, "users", user)
  return id and T.get(turn, id)
end

function T.step(t, state)
  if not STEPS[t.state][state] then error("illegal step of a ticket: " .. t.state .. " to " .. state) end
  t.state = state
end

local function lines(t)
  local pairs_ = {}
  for i, expert in ipairs(t.experts) do pairs_[i] = { expert, t.ordinals[expert] } end
  return pairs_
end

-- What each place costs; an empty list where all are free, nothing where none ever cost anything.
local FREE = { 0, 0, 0 }
local function terms(t)
  local list, metered = {}, false
  for i, expert in ipairs(t.experts) do
    local rate, free_ms, limit_ms = unpack(t.terms[expert] or FREE)
    list[i], metered = { expert, rate, free_ms, limit_ms }, metered or rate > 0
  end
  return metered and list or {}
end

function T.facts(t, cause, reason, by)
  return {
    k = "ticket", cause = cause, ticket = t.ticket, user = t.user, name = t.name, mode = t.mode, state = t.state,
    lines = lines(t), joined_at = t.joined_at, connected = t.connected, paused_until = t.paused_until,
    pause_reason = t.pause_reason, must_confirm = t.must_confirm, offer = t.offer, session = t.session,
    reason = reason or "", by = by or "", terms = t.terms and terms(t), call_me = t.call_me, agreed = t.agreed,
  }
end

function T.changed(turn, t, cause, reason, by)
  R.put(turn, "tickets", t.ticket, t)
  R.emit(turn, T.facts(t, cause, reason, by))
end

local function count(turn, what)
  redis.call("HINCRBY", K.stats(turn.p), what, 1)
end

function T.touch_lines(turn, t)
  for _, expert in ipairs(t.experts) do R.touch(turn, expert) end
end

-- Lines -----------------------------------------------------------------------------------------------------

function T.length(turn, expert)
  return redis.call("ZCARD", K.line(turn.p, expert))
end

function T.stands_in(t, expert)
  return t.ordinals[expert] ~= nil
end

-- The ordinal before all others in a line; nil when nobody stands in it.
function T.head(turn, expert)
  local first = redis.call("ZRANGE", K.line(turn.p, expert), 0, 0, "WITHSCORES")
  return first[2] and tonumber(first[2]) - 1 or nil
end

-- The next ordinal at the tail of an expert's line; it also says who came first, whatever an operator moves later.
function T.next_ordinal(turn, expert)
  return redis.call("HINCRBY", K.ordinals(turn.p), expert, 1)
end

-- `terms` are rate, free_ms and limit_ms; none for a line that is free.
function T.place(turn, t, expert, ordinal, terms_)
  local arrival = T.next_ordinal(turn, expert)
  table.insert(t.experts, expert)
  t.arrivals[expert] = arrival
  t.ordinals[expert] = ordinal or arrival
  redis.call("ZADD", K.line(turn.p, expert), t.ordinals[expert], t.ticket)
  if not terms_ then return end
  t.terms = t.terms or {}
  t.terms[expert] = terms_
end

-- What a minute costs in this line.
function T.rate(t, expert)
  return t.terms and t.terms[expert] and t.terms[expert][1] or 0
end

-- The user has chosen these lines, so their rates are agreed to.
function T.agree(t)
  for expert in pairs(t.terms or {}) do t.agreed = math.max(t.agreed or 0, T.rate(t, expert)) end
end

-- True when a line costs more than the user has agreed to, or than `rate` where that is given and higher.
function T.dearer(t, rate)
  local agreed = math.max(t.agreed or 0, rate or 0)
  for expert in pairs(t.terms or {}) do
    if T.rate(t, expert) > agreed then return true end
  end
  return false
end

-- Whether the turn is announced by telephone. A telephone shows no price: picking it up is no yes to a rate that the
-- user has not agreed to (an operator's move brings that about), and they have to come to the page for it.
function T.by_phone(t, expert)
  return (t.call_me or false) and T.rate(t, expert) <= (t.agreed or 0)
end

function T.unplace(turn, t, expert)
  redis.call("ZREM", K.line(turn.p, expert), t.ticket)
  for i, id in ipairs(t.experts) do
    if id == expert then table.remove(t.experts, i) break end
  end
  t.ordinals[expert], t.arrivals[expert], t.declined[expert], t.moved[expert] = nil, nil, nil, nil
  if t.terms then t.terms[expert] = nil end
  R.no_deadline(turn, "retry:" .. expert .. "/" .. t.ticket)
end

function T.unplace_all(turn, t)
  while t.experts[1] do T.unplace(turn, t, t.experts[1]) end
end

-- Ready -----------------------------------------------------------------------------------------------------

-- Why this expert can't be offered this ticket now; nil when it is ready.
function T.unready(t, expert, now)
  if t.state ~= "waiting" then return "elsewhere" end
  if not t.connected and not T.by_phone(t, expert) then return "disconnected" end
  if t.paused_until > 0 then return t.pause_reason end
  local declined = t.declined[expert]
  if declined and declined[1] > now then return "declined" end
end

-- A lost user keeps the place for the grace time from the loss, or until a step-away ends, if that is later; one whose
-- phone will ring needs no page.
function T.grace(turn, t)
  if t.connected or t.call_me then return R.no_deadline(turn, "grace:" .. t.ticket) end
  local till = t.lost_at + R.settings(turn).grace_ms
  if t.pause_reason == "stepped_away" then till = math.max(till, t.paused_until) end
  R.deadline(turn, "grace:" .. t.ticket, math.max(till, turn.now))
end

-- Beginning and end -----------------------------------------------------------------------------------------

function T.new(turn, a)
  local settings = R.settings(turn)
  local t = {
    ticket = R.new_id(turn, "t"), user = a.user, name = a.name, mode = a.mode, state = "waiting", experts = {},
    ordinals = {}, arrivals = {}, moved = {}, declined = {}, joined_at = turn.now, connected = true,
    paused_until = 0, pause_reason = "", must_confirm = false, unready = 0, offer = "", session = "",
    lost_at = turn.now,
  }
  R.put(turn, "users", a.user, t.ticket)
  R.deadline(turn, "wait:" .. t.ticket, turn.now + settings.max_wait_ms)
  t.connected = R.is_here(turn, "user", a.user)
  if not t.connected then T.grace(turn, t) end
  count(turn, "joined")
  return t
end

-- The ticket is over. `served` says whether its session went live.
function T.finish(turn, t, reason, by, served)
  T.unplace_all(turn, t)
  T.step(t, "done")
  t.paused_until, t.pause_reason, t.offer = 0, "", ""
  for _, kind in ipairs({ "wait:", "grace:", "pause:" }) do R.no_deadline(turn, kind .. t.ticket) end
  count(turn, served and "served" or "left")
  R.emit(turn, T.facts(t, "done", reason, by))
  R.put(turn, "tickets", t.ticket, nil)
  R.put(turn, "users", t.user, nil)
end

-- Out of one line; out of the last one the ticket is over.
function T.drop(turn, t, expert, reason, by)
  if #t.experts == 1 then return T.finish(turn, t, reason, by, false) end
  T.unplace(turn, t, expert)
  T.changed(turn, t, "left", reason, by)
end
