-- include: queueing/ticket
-- Offers: a free expert and the first ready ticket of their line.
local T, E = R.ticket, R.expert
local O = {}
R.offer = O
local CALL_MS = 40000

function O.facts(o, cause, reason, by)
  return {
    k = "offer", cause = cause, offer = o.offer, expert = o.expert, ticket = o.ticket, user = o.user, name = o.name,
    mode = o.mode, state = o.state, user_ok = o.user_ok, expert_ok = o.expert_ok, made_at = o.made_at,
    ring_until = o.ring_until, ready_until = o.ready_until, joined_at = o.joined_at, reason = reason or "",
    by = by or "system", rate = o.rate or 0, free_ms = o.free_ms or 0, budget_ms = o.budget_ms or 0,
    by_phone = o.by_phone,
  }
end

local function make(turn, e, t, passed)
  local settings = R.settings(turn)
  local by_phone = T.by_phone(t, e.expert)
  local asks = by_phone or t.must_confirm or turn.now - t.joined_at >= settings.ready_after_ms
  local o = {
    offer = R.new_id(turn, "o"), expert = e.expert, ticket = t.ticket, user = t.user, name = t.name, mode = t.mode,
    state = "ringing", user_ok = not asks, expert_ok = false, made_at = turn.now,
    ring_until = turn.now + settings.ring_ms, ready_until = asks and turn.now + settings.ready_ms or 0,
    joined_at = t.joined_at, passed = passed, rate = T.rate(t, e.expert), budget_ms = 0, fee_bps = 0,
  }
  if by_phone then
    -- The telephone takes its time to ring, and the expert must not have missed the offer meanwhile.
    o.by_phone, o.ready_until = true, turn.now + (settings.call_ms or CALL_MS)
    o.ring_until = math.max(o.ring_until, o.ready_until)
  end
  o.free_ms = o.rate > 0 and t.terms[e.expert][2] or 0
  R.deadline(turn, "ring:" .. o.offer, o.ring_until)
  if asks then R.deadline(turn, "ready:" .. o.offer, o.ready_until) end
  R.put(turn, "offers", o.offer, o)
  T.step(t, "offered")
  t.offer = o.offer
  e.engagement, e.offer = "ringing", o.offer
  R.emit(turn, O.facts(o, "made"))
  T.changed(turn, t, "offered", "", "system")
  E.changed(turn, e, "ringing")
end

-- Dispatch: offers a free expert the first ready ticket of the line and notes why earlier ones were passed.
local function dispatch(turn, id)
  local e = E.get(turn, id)
  if not e or e.engagement ~= "idle" or E.indicator(e) ~= "free" then return end
  local passed = {}
  for _, ticket in ipairs(redis.call("ZRANGE", K.line(turn.p, id), 0, -1)) do
    local t = T.get(turn, ticket)
    local why = T.unready(t, id, turn.now)
    if not why then return make(turn, e, t, passed) end
    passed[ticket] = why
  end
end
R.on_settle[#R.on_settle + 1] = dispatch

-- Takes an offer out of the world; ticket and expert go on from there.
local function close(turn, o, state, reason, by)
  o.state = state
  R.no_deadline(turn, "ring:" .. o.offer)
  R.no_deadline(turn, "ready:" .. o.offer)
  R.put(turn, "offers", o.offer, nil)
  R.emit(turn, O.facts(o, state, reason, by))
end

local function free_expert(turn, o)
  local e = E.get(turn, o.expert)
  if e.engagement ~= "ringing" then return e end
  e.engagement, e.offer = "idle", ""
  E.changed(turn, e, "idle")
  return e
end

-- The ticket is back at its old place.
local function give_back(turn, o, reason)
  local t = T.get(turn, o.ticket)
  T.step(t, "waiting")
  t.offer = ""
  T.changed(turn, t, "passed", reason, "system")
  T.touch_lines(turn, t)
  return t
end

-- Either side is no longer there for it. The caller goes on with the ticket or the expert that left.
function O.withdraw(turn, id, reason, by)
  local o = R.get(turn, "offers", id)
  close(turn, o, "withdrawn", reason, by)
  give_back(turn, o, reason)
  free_expert(turn, o)
end

function O.missed(turn, o)
  close(turn, o, "missed", "expert_missed")
  local e = E.get(turn, o.expert)
  e.engagement, e.offer = "idle", ""
  E.declare(turn, e, "away", "missed", "missed", "system")
  give_back(turn, o, "expert_missed")
end

-- The ready check was not answered, or answered with no, or the user can't pay: passed once, dropped the second time.
function O.not_ready(turn, o, by, reason)
  local settings = R.settings(turn)
  close(turn, o, "not_ready", reason, by)
  local t = T.get(turn, o.ticket)
  t.unready = t.unready + 1
  if t.unready > 1 then
    T.finish(turn, t, reason, by, false)
  else
    T.step(t, "waiting")
    t.offer, t.must_confirm = "", true
    t.paused_until, t.pause_reason = turn.now + settings.unready_pause_ms, reason
    R.deadline(turn, "pause:" .. t.ticket, t.paused_until)
    T.changed(turn, t, "passed", reason, by)
  end
  free_expert(turn, o)
end

function O.declined(turn, o, reason, by)
  local settings = R.settings(turn)
  close(turn, o, "declined", reason, by)
  local t = T.get(turn, o.ticket)
  local before = t.declined[o.expert]
  local times = (before and before[2] or 0) + 1
  if times >= settings.declines_max and #t.experts == 1 then
    T.finish(turn, t, "expert_declined", by, false)
  else
    t.declined[o.expert] = { turn.now + settings.decline_pause_ms, times }
    give_back(turn, o, "expert_declined")
    if times >= settings.declines_max then
      T.drop(turn, t, o.expert, "expert_declined", by)
    else
      R.deadline(turn, "retry:" .. o.expert .. "/" .. t.ticket, t.declined[o.expert][1])
    end
  end
  free_expert(turn, o)
end

-- Each earlier ticket still in the line, with the reason it is overtaken. Who came first is told by the arrivals,
-- which an operator's move does not change.
function O.overtaken(turn, o)
  local t, list = T.get(turn, o.ticket), {}
  for _, id in ipairs(redis.call("ZRANGE", K.line(turn.p, o.expert), 0, -1)) do
    local other = T.get(turn, id)
    if id ~= t.ticket and other.arrivals[o.expert] < t.arrivals[o.expert] then
      local moved = t.moved[o.expert] or other.moved[o.expert]
      if moved == true then moved = "operator" end -- of an older release
      local why = o.passed[id] or moved or "unexplained"
      if why == "unexplained" then redis.call("HINCRBY", K.stats(turn.p), "unexplained", 1) end
      table.insert(list, { id, why })
    end
  end
  return list
end

function O.matched(turn, o)
  close(turn, o, "matched", "", "system")
end

function O.changed(turn, o, cause, by)
  R.put(turn, "offers", o.offer, o)
  R.emit(turn, O.facts(o, cause, "", by))
end

R.on_deadline.ring = function(turn, id)
  local o = R.get(turn, "offers", id)
  if not o then return end
  -- The expert has accepted and the user is still to confirm: the ready check's own deadline decides.
  if o.expert_ok then return end
  O.missed(turn, o)
end

R.on_deadline.ready = function(turn, id)
  local o = R.get(turn, "offers", id)
  if o then O.not_ready(turn, o, "system", "not_ready") end
end

R.on_deadline.retry = function(turn, id)
  R.touch(turn, id:match("^(.*)/"))
end
