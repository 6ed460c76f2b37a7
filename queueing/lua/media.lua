-- include: queueing/metering
-- What flows between the two of a session: media workers, telephones, recording.
local E, S, C = R.expert, R.session, R.clock
local LEASE_MS = 8000

-- The same for a worker: only the one that carries the session's media has a word in it.
local function carried(turn, a)
  local s, no = S.going_on(turn, a.session, "operator", "")
  if s and s.worker ~= a.worker then return nil, R.refuse("no_such_session", a.session) end
  return s, no
end

-- Which sessions a worker carries, so that its death finds them.
local function carries(turn, worker, session, yes)
  local list, rest = R.get(turn, "carried", worker) or {}, {}
  for _, id in ipairs(list) do
    if id ~= session then table.insert(rest, id) end
  end
  if yes then table.insert(rest, session) end
  R.put(turn, "carried", worker, #rest > 0 and rest or nil)
end

R.listen("session_over", function(turn, s)
  if (s.worker or "") ~= "" then carries(turn, s.worker, s.session, false) end
end)

-- Nothing is heard of either side any more, unless it goes on by chat.
local function silence(turn, s, since)
  s.flows = {}
  for _, side in ipairs({ "user", "expert" }) do
    if not C.by_chat(s, side) then s.cut[side] = math.min(s.cut[side] or since, since) end
  end
end

-- A worker is gone. Telephones went with it; browsers look for another one.
local function lost(turn, s, seen)
  s.worker = ""
  silence(turn, s, seen)
  if s.mode == "phone" then return S.finish(turn, s, "media_lost", "system") end
  S.changed(turn, s, "media_lost")
  S.look(turn, s)
end

R.listen("lapsed", function(turn, process, seen)
  for _, id in ipairs(R.get(turn, "carried", process) or {}) do
    local s = R.get(turn, "sessions", id)
    if s and s.state ~= "ended" then lost(turn, s, seen) end
  end
  R.put(turn, "carried", process, nil)
end)

-- FUNCTION bridge
-- ARGS session worker instead phones
-- RETURNS worker mode expert user
-- EMITS session
-- REFUSES no_such_session session_over not_bridged
-- The session's media go through `worker`, in place of `instead` (""): where another is in force by now, that one stays.
-- `phones` names the sides that are on the telephone.
R.command("bridge", function(turn, a)
  local s, no = S.going_on(turn, a.session, "operator", "")
  if not s then return no end
  if s.path ~= "bridged" then return R.refuse("not_bridged", a.session) end
  if s.worker == a.instead and s.worker ~= a.worker then
    if s.worker ~= "" then
      carries(turn, s.worker, s.session, false)
      silence(turn, s, C.worker_until(turn, s) or turn.now)
    end
    s.worker, s.phones = a.worker, {}
    for _, side in ipairs(a.phones) do s.phones[side] = true end
    carries(turn, s.worker, s.session, true)
    if not R.renewed_at(turn, s.worker) then R.deadline(turn, "lease:" .. s.worker, turn.now + LEASE_MS) end
    S.changed(turn, s, "bridged")
    S.look(turn, s)
  end
  return { worker = s.worker, mode = s.mode, expert = s.expert, user = s.user }
end)

-- FUNCTION media
-- ARGS session side worker silent_ms
-- RETURNS state frozen
-- EMITS session ticket
-- REFUSES no_such_session session_over
-- The worker's evidence: nothing has come from the side for so long, or its media flow (0). The silence of who goes on by
-- chat says nothing.
R.command("media", function(turn, a)
  local s, no = carried(turn, a)
  if not s then return no end
  s.flows = s.flows or {} -- sides whose sound is heard; a session of an older release has none
  s.flows[a.side] = a.silent_ms == 0 or nil
  if a.silent_ms == 0 then
    if s.by_chat then s.by_chat[a.side] = nil end
  elseif not C.by_chat(s, a.side) then
    local since = turn.now - a.silent_ms
    s.cut[a.side] = math.min(s.cut[a.side] or since, since)
  end
  R.put(turn, "sessions", s.session, s)
  if a.silent_ms == 0 then S.connected(turn, s, a.side) end
  S.look(turn, s)
  return { state = s.state, frozen = s.frozen or "" }
end)

-- FUNCTION leg
-- ARGS session side worker leg
-- EMITS session
-- REFUSES no_such_session session_over
-- How the telephone of a side stands.
R.command("leg", function(turn, a)
  local s, no = carried(turn, a)
  if not s then return no end
  if s[a.side .. "_leg"] == a.leg then return end
  s[a.side .. "_leg"] = a.leg
  S.changed(turn, s, "leg")
end)

-- FUNCTION hang_up
-- ARGS session worker side reason
-- EMITS session ticket expert
-- REFUSES no_such_session session_over
-- The worker ends the session: a side has hung up, or could not be reached ("" when it is nobody's doing).
R.command("hang_up", function(turn, a)
  local s, no = carried(turn, a)
  if not s then return no end
  local by = a.side == "user" and "user" or a.side == "expert" and "expert:" .. s.expert or "system"
  S.finish(turn, s, a.reason, by)
end)

-- FUNCTION record
-- ARGS session side who on
-- RETURNS on
-- EMITS session
-- REFUSES no_such_session session_over not_bridged
-- A side allows recording, or no longer does; with both the session is recorded.
R.command("record", function(turn, a)
  local s, no = S.going_on(turn, a.session, a.side, a.who)
  if not s then return no end
  if s.path ~= "bridged" then return R.refuse("not_bridged", a.session) end
  local before, other = s.recording[a.side] or false, a.side == "user" and "expert" or "user"
  if before ~= a.on or (not a.on and s.recording[other]) then
    -- One alone ends it for both, and who is asked may say no: to begin again both have to allow it anew.
    if not a.on then s.recording[other] = nil end
    s.recording[a.side] = a.on or nil
    S.changed(turn, s, "recording")
  end
  return { on = (s.recording.user and s.recording.expert) or false }
end)
