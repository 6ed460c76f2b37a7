-- include: queueing/offer
-- include: queueing/clock
-- Sessions: from the match to the end, and the wrap-up after it.
local T, E, O, C = R.ticket, R.expert, R.offer, R.clock
local S = {}
R.session = S
local KEEP_MS, CALL_MS = 3600000, 40000

local function first_lost(s)
  local user, expert = s.user_gone_until, s.expert_gone_until
  if user > 0 and (expert == 0 or user <= expert) then return "user", user end
  if expert > 0 then return "expert", expert end
  return "", 0
end

-- Which sides allow recording.
local function recording(s)
  local sides = {}
  for _, side in ipairs({ "user", "expert" }) do
    if s.recording and s.recording[side] then table.insert(sides, side) end
  end
  return sides
end

-- How audio flows: what costs something, or has a telephone, goes through a media worker.
local function path_of(settings, mode, rate)
  if mode == "chat" then return "" end
  return (mode == "phone" or rate > 0 or settings.bridge_audio == 1) and "bridged" or "direct"
end

-- On the telephone one needs no page.
local function by_phone(s, side)
  return s.mode == "phone" and (side == "user" or s.phones ~= nil and s.phones[side] == true)
end

function S.facts(s, cause)
  local gone_side, gone_until = first_lost(s)
  return {
    k = "session", cause = cause, session = s.session, expert = s.expert, user = s.user, name = s.name,
    ticket = s.ticket, mode = s.mode, state = s.state, joined_at = s.joined_at, matched_at = s.matched_at,
    live_at = s.live_at, ended_at = s.ended_at, cap_until = s.cap_until, user_on = s.user_on, expert_on = s.expert_on,
    gone_side = gone_side, gone_until = gone_until, overtook = s.overtook, reason = s.reason, by = s.by,
    offer = s.offer or "", rate = s.rate or 0, free_ms = s.free_ms or 0, budget_ms = s.budget_ms or 0,
    fee_bps = s.fee_bps or 0, ran_ms = s.ran_ms or 0, running_since = s.running_since or 0, frozen = s.frozen or "",
    zero_at = C.zero_at(s), minute_told = s.minute_told or false, -- sessions of an older release have none of these
    path = s.path or "", worker = s.worker or "", user_leg = s.user_leg or "", expert_leg = s.expert_leg or "",
    expert_by_phone = by_phone(s, "expert"), recording = recording(s), transfer_to = s.transfer_to or "", went_to = s.went_to or "",
  }
end

function S.changed(turn, s, cause)
  R.put(turn, "sessions", s.session, s)
  R.emit(turn, S.facts(s, cause))
end

-- Tells a change that may have begun the last minute, and then that as well.
function S.told(turn, s, cause)
  S.changed(turn, s, cause)
  if C.warns(turn, s) then S.changed(turn, s, "minute") end
end

-- Looks at what is heard of both sides, and tells it when the clock has stopped or runs again.
function S.look(turn, s, strictly)
  local cause = C.look(turn, s, strictly)
  if cause then S.told(turn, s, cause) end
end

-- Both accepted: out of all lines and into the session, in one step.
function S.open(turn, o)
  local settings, t, e = R.settings(turn), T.get(turn, o.ticket), E.get(turn, o.expert)
  local s = C.new({
    session = R.new_id(turn, "s"), expert = o.expert, user = o.user, name = o.name, ticket = o.ticket, mode = o.mode,
    state = "connecting", joined_at = o.joined_at, matched_at = turn.now, live_at = 0, ended_at = 0, cap_until = 0,
    user_on = false, expert_on = false, user_gone_until = 0, expert_gone_until = 0,
    overtook = O.overtaken(turn, o), reason = "", by = "system", said = 0, delivered_user = 0, delivered_expert = 0,
    offer = o.offer, rate = o.rate or 0, free_ms = o.free_ms or 0, budget_ms = o.budget_ms or 0,
    fee_bps = o.fee_bps or 0, path = path_of(settings, o.mode, o.rate or 0), worker = "", recording = {},
  })
  O.matched(turn, o)
  T.unplace_all(turn, t)
  T.step(t, "matched")
  t.offer, t.session = "", s.session
  R.no_deadline(turn, "wait:" .. t.ticket)
  R.no_deadline(turn, "grace:" .. t.ticket)
  -- Telephones ring one after the other before both are connected.
  local ringing = s.mode == "phone" and 2 * (settings.call_ms or CALL_MS) or 0
  R.deadline(turn, "connect:" .. s.session, turn.now + settings.connect_ms + ringing)
  T.changed(turn, t, "matched", "", "system")
  S.changed(turn, s, "matched")
  if not t.connected then S.lost(turn, s, "user") end -- a visitor who has just become this user is still on the way
  e.engagement, e.offer, e.session = "in_session", "", s.session
  E.changed(turn, e, "in_session")
  return s
end

local function go_live(turn, s)
  local settings, t = R.settings(turn), T.get(turn, s.ticket)
  s.state, s.live_at, s.cap_until = "live", turn.now, turn.now + settings.session_cap_ms
  R.no_deadline(turn, "connect:" .. s.session)
  R.deadline(turn, "cap:" .. s.session, s.cap_until)
  C.start(turn, s)
  T.step(t, "in_session")
  T.changed(turn, t, "in_session", "", "system")
  S.told(turn, s, "live")
end

-- One side has shown that it is connected, or is so again; with both the session is live.
function S.connected(turn, s, side)
  if s.cut and s.cut[side] then
    s.cut[side] = nil
    R.put(turn, "sessions", s.session, s)
    S.look(turn, s)
  end
  if s[side .. "_on"] then return end
  s[side .. "_on"] = true
  if s.state == "connecting" and s.user_on and s.expert_on then return go_live(turn, s) end
  S.changed(turn, s, "connected")
end

-- A side of a bridged session goes on by chat: until its media are heard again it is no matter that they stopped.
-- Not by telephone: the other side may have no page, and would pay for words that they don't see.
function S.goes_on_by_chat(turn, s, side)
  if s.path ~= "bridged" or s.mode == "phone" then return end
  s.by_chat = s.by_chat or {}
  if s.by_chat[side] then return end
  s.by_chat[side], s.cut[side] = true, nil
  R.put(turn, "sessions", s.session, s)
  S.look(turn, s)
end

-- Who writes instead of being heard does so. A word beside the sound says nothing: else the clock would run on where
-- that sound breaks off later.
function S.wrote(turn, s, side)
  if not (s.flows and s.flows[side]) then S.goes_on_by_chat(turn, s, side) end
end

local function wrap_up(turn, e, s)
  local settings = R.settings(turn)
  e.session = ""
  if s.live_at == 0 then
    e.engagement = "idle"
    return E.changed(turn, e, "idle")
  end
  e.engagement, e.wrap_until = "wrap_up", turn.now + settings.wrap_up_ms
  R.deadline(turn, "wrap:" .. e.expert, e.wrap_until)
  E.changed(turn, e, "wrap_up")
end

function S.finish(turn, s, reason, by)
  C.finish(turn, s)
  R.tell(turn, "session_over", s)
  s.state, s.ended_at, s.reason, s.by = "ended", turn.now, reason, by
  s.user_gone_until, s.expert_gone_until = 0, 0
  for _, name in ipairs({ "connect:" .. s.session, "cap:" .. s.session, "lost:user/" .. s.session, "lost:expert/" .. s.session }) do
    R.no_deadline(turn, name)
  end
  R.deadline(turn, "forget:" .. s.session, turn.now + KEEP_MS)
  S.changed(turn, s, "ended")
  T.finish(turn, T.get(turn, s.ticket), s.live_at > 0 and "served" or reason, by, s.live_at > 0)
  wrap_up(turn, E.get(turn, s.expert), s)
end

function S.lost(turn, s, side)
  if by_phone(s, side) then return end
  local first, was_on = first_lost(s), s[side .. "_on"]
  s[side .. "_on"] = false
  s[side .. "_gone_until"] = turn.now + R.settings(turn).grace_ms
  R.deadline(turn, "lost:" .. side .. "/" .. s.session, s[side .. "_gone_until"])
  -- The second loss of a session that was still connecting changes nothing that is told.
  if first ~= "" and first == first_lost(s) and not was_on then return R.put(turn, "sessions", s.session, s) end
  S.changed(turn, s, "lost")
end

-- A side of a live session that comes back is connected again; before that it has to show its connection anew.
function S.back(turn, s, side)
  if s[side .. "_gone_until"] == 0 then return end
  s[side .. "_gone_until"] = 0
  s[side .. "_on"] = s.state == "live"
  R.no_deadline(turn, "lost:" .. side .. "/" .. s.session)
  S.changed(turn, s, "back")
end

-- The session when it is not over and `who` is that side of it; nil gives the same answer as one that doesn't exist.
function S.of(turn, id, side, who)
  local s = R.get(turn, "sessions", id)
  if s and (side == "operator" or s[side] == who) then return s end
end

-- The same while it goes on; else nil and the refusal.
function S.going_on(turn, id, side, who)
  local s = S.of(turn, id, side, who)
  if not s then return nil, R.refuse("no_such_session", id) end
  if s.state == "ended" then return nil, R.refuse("session_over", id) end
  return s
end

R.on_deadline.connect = function(turn, id)
  S.finish(turn, R.get(turn, "sessions", id), "not_connected", "system")
end
R.on_deadline.cap = function(turn, id)
  S.finish(turn, R.get(turn, "sessions", id), "cap", "system")
end
R.on_deadline.lost = function(turn, name)
  local side, id = name:match("^([a-z]+)/(.*)$")
  S.finish(turn, R.get(turn, "sessions", id), side .. "_gone", "system")
end
R.on_deadline.wrap = function(turn, id)
  local e = E.get(turn, id)
  if not e or e.engagement ~= "wrap_up" then return end
  e.engagement, e.wrap_until = "idle", 0
  E.changed(turn, e, "idle")
end
R.on_deadline.forget = function(turn, id)
  R.put(turn, "sessions", id, nil)
  redis.call("DEL", K.chat(turn.p, id))
end
