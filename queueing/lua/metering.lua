-- include: queueing/consequences
-- What the server knows of evidence and of money, and what both mean for offers and sessions.
local T, E, O, S, C = R.ticket, R.expert, R.offer, R.session, R.clock

-- Evidence --------------------------------------------------------------------------------------------------

local function session_of(turn, side, member)
  local of = side == "user" and T.of_user(turn, member) or side == "expert" and E.get(turn, member) or nil
  local s = of and of.session ~= "" and R.get(turn, "sessions", of.session) or nil
  return s and s.silent and s or nil -- those of an older release have no clock
end

-- One more process is about to hold the member. When those that do may be dead, the clock has not run of late.
R.listen("holding", function(turn, side, member)
  local s = session_of(turn, side, member)
  if s then S.look(turn, s, side) end
end)

R.listen("held", function(turn, side, member)
  local s = session_of(turn, side, member)
  if s then S.look(turn, s) end
end)

R.listen("let_go", function(turn, side, member, process, seen)
  local s = session_of(turn, side, member)
  if not s then return end
  local silent = s.silent[side][process]
  s.silent[side][process] = nil
  s.seen[side] = math.max(s.seen[side] or 0, silent and math.min(silent, seen) or seen)
  R.put(turn, "sessions", s.session, s)
  S.look(turn, s)
end)

local function holds(turn, s, side, process)
  for _, holder in ipairs(R.get(turn, "present", side .. ":" .. (s[side] or "")) or {}) do
    if holder == process then return true end
  end
  return false
end

-- FUNCTION evidence
-- ARGS session side process silent_ms
-- RETURNS frozen
-- EMITS session
-- REFUSES no_such_session session_over
-- A process has heard nothing of a side for so long, or hears it again (0). Only one that holds the side counts.
R.command("evidence", function(turn, a)
  local s, no = S.going_on(turn, a.session, "operator", "")
  if not s then return no end
  if s.silent and holds(turn, s, a.side, a.process) then
    local silent = s.silent[a.side]
    local since = a.silent_ms > 0 and turn.now - a.silent_ms or nil
    silent[a.process] = since and math.min(silent[a.process] or since, since)
    R.put(turn, "sessions", s.session, s)
    S.look(turn, s)
  end
  return { frozen = s.frozen or "" }
end)

-- Money -----------------------------------------------------------------------------------------------------

-- FUNCTION fund
-- ARGS session budget_ms
-- RETURNS budget_ms
-- EMITS session
-- REFUSES no_such_session session_over
-- The session may run for so long in all. It never gets less: what was told once is covered.
R.command("fund", function(turn, a)
  local s, no = S.going_on(turn, a.session, "operator", "")
  if not s then return no end
  if (s.rate or 0) > 0 and a.budget_ms > s.budget_ms then
    C.fund(turn, s, a.budget_ms)
    S.told(turn, s, "funded")
  end
  return { budget_ms = s.budget_ms or 0 }
end)

-- FUNCTION fund_ticket
-- ARGS user limits
-- RETURNS changed
-- EMITS ticket
-- What the user has now would last so long in each line; it never gets less.
R.command("fund_ticket", function(turn, a)
  local t = T.of_user(turn, a.user)
  local changed = false
  for expert, terms in pairs(t and t.terms or {}) do
    local limit = a.limits[expert]
    if limit and limit > terms[3] then
      terms[3], changed = limit, true
    end
  end
  if changed then T.changed(turn, t, "funded", "", "system") end
  return { changed = changed }
end)

-- FUNCTION unfunded
-- ARGS offer
-- EMITS offer ticket expert
-- REFUSES no_such_offer
R.command("unfunded", function(turn, a)
  local o = R.get(turn, "offers", a.offer)
  if not o then return R.refuse("no_such_offer", a.offer) end
  O.not_ready(turn, o, "system", "balance_too_low")
end)

-- Deadlines -------------------------------------------------------------------------------------------------

-- A process of an older release may have ended the session, and it knows nothing of these deadlines.
local function on_live(kind, act)
  R.on_deadline[kind] = function(turn, id)
    local s = R.get(turn, "sessions", id)
    if s and s.state == "live" then act(turn, s) end
  end
end

on_live("zero", function(turn, s) S.finish(turn, s, "balance_spent", "system") end)
on_live("frozen", function(turn, s) S.finish(turn, s, "frozen_too_long", "system") end)
on_live("minute", function(turn, s)
  s.minute_told = true
  S.changed(turn, s, "minute")
end)
