-- include: queueing/session
-- include: presence/member
-- include: presence/declared
-- What presence means for lines, offers and sessions, and the deadlines of tickets.
local T, E, O, S = R.ticket, R.expert, R.offer, R.session

-- Experts ---------------------------------------------------------------------------------------------------

-- Why nobody can be served in this line now; nil when the expert is there. An engaged expert's line goes on.
local function shut(e)
  if not e.open then return "line_closed" end
  if not e.present or e.declared == "offline" then return "expert_offline" end
end
E.shut = shut

R.listen("expert_changed", function(turn, e, by)
  if e.engagement == "ringing" then
    local why = shut(e) or (e.declared == "away" and "expert_away")
    if why then O.withdraw(turn, e.offer, why, by) end
  end
  -- A line that nobody serves is kept for a while; the deadline stands as long as the reason does.
  local keep = "keep:" .. e.expert
  local why = e.engagement ~= "in_session" and shut(e) or nil
  if not why then
    if e.kept then e.kept = nil; R.no_deadline(turn, keep) end
  elseif not e.kept and R.settings(turn) then
    e.kept = true
    R.deadline(turn, keep, turn.now + R.settings(turn).line_keep_ms)
  end
end)

local function empty_line(turn, expert, reason)
  for _, id in ipairs(redis.call("ZRANGE", K.line(turn.p, expert), 0, -1)) do
    T.drop(turn, T.get(turn, id), expert, reason, "system")
  end
end

R.on_deadline.keep = function(turn, id)
  local e = E.get(turn, id)
  if not e then return end
  empty_line(turn, id, shut(e) or "expert_offline")
end

R.listen("expert_retired", function(turn, e) empty_line(turn, e.expert, "expert_offline") end)

local function session_of_expert(turn, member)
  local e = E.get(turn, member)
  return e and e.session ~= "" and R.get(turn, "sessions", e.session) or nil
end
R.listen("expert_gone", function(turn, member)
  local s = session_of_expert(turn, member)
  if s then S.lost(turn, s, "expert") end
end)
R.listen("expert_back", function(turn, member)
  local s = session_of_expert(turn, member)
  if s then S.back(turn, s, "expert") end
end)

-- Users -----------------------------------------------------------------------------------------------------

R.listen("user_gone", function(turn, user)
  local t = T.of_user(turn, user)
  if not t then return end
  if t.session ~= "" then
    t.connected = false
    T.changed(turn, t, "disconnected", "", "system")
    return S.lost(turn, R.get(turn, "sessions", t.session), "user")
  end
  t.connected = false
  if t.state == "offered" and not (t.call_me and R.get(turn, "offers", t.offer).by_phone) then O.withdraw(turn, t.offer, "user_gone", "system") end
  t.lost_at = turn.now
  T.grace(turn, t)
  T.changed(turn, t, "disconnected", "", "system")
end)

R.listen("user_back", function(turn, user)
  local t = T.of_user(turn, user)
  if not t or t.connected then return end
  t.connected = true
  T.grace(turn, t)
  T.changed(turn, t, "reconnected", "", "system")
  T.touch_lines(turn, t)
  if t.session ~= "" then S.back(turn, R.get(turn, "sessions", t.session), "user") end
end)

-- Deadlines of tickets --------------------------------------------------------------------------------------

local function drop_whole(turn, id, reason)
  local t = T.get(turn, id)
  if t.state == "offered" then O.withdraw(turn, t.offer, reason, "system") end
  T.finish(turn, t, reason, "system", false)
end

R.on_deadline.grace = function(turn, id) drop_whole(turn, id, "grace") end
R.on_deadline.wait = function(turn, id) drop_whole(turn, id, "waited_too_long") end

R.on_deadline.pause = function(turn, id)
  local t = T.get(turn, id)
  t.paused_until, t.pause_reason, t.must_confirm = 0, "", true
  T.changed(turn, t, "resumed", "pause_over", "system")
  T.touch_lines(turn, t)
end
