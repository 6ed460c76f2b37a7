-- include: queueing/consequences
-- What both sides do with an offer and a session.
local T, E, O, S, C = R.ticket, R.expert, R.offer, R.session, R.clock

-- The offer when it rings for `who`; one of others gets the same answer as one that doesn't exist.
local function mine(turn, a)
  local o = R.get(turn, "offers", a.offer)
  if o and o[a.side] == a.who then return o end
end

-- FUNCTION offer
-- ARGS offer side who
-- RETURNS offer ticket user expert mode rate free_ms
-- REFUSES no_such_offer
R.command("offer", function(turn, a)
  local o = mine(turn, a)
  if not o then return R.refuse("no_such_offer", a.offer) end
  return {
    offer = o.offer, ticket = o.ticket, user = o.user, expert = o.expert, mode = o.mode, rate = o.rate or 0,
    free_ms = o.free_ms or 0,
  }
end)

-- Keeps what has been set aside for a metered offer; the refusal when this would be a match without anything.
local function fund(turn, o, a)
  if (o.rate or 0) == 0 then return end
  local budget_ms = math.max(o.budget_ms, a.budget_ms)
  local other = a.side == "user" and "expert_ok" or "user_ok"
  if budget_ms <= 0 and o[other] then return R.refuse("not_funded", a.offer) end
  if o.budget_ms == 0 then o.fee_bps = a.fee_bps end
  o.budget_ms = budget_ms
  if a.side == "user" then
    local t = T.get(turn, o.ticket)
    t.agreed = math.max(t.agreed or 0, o.rate)
    R.put(turn, "tickets", t.ticket, t)
  end
end

-- FUNCTION accept
-- ARGS offer side who budget_ms fee_bps
-- RETURNS session
-- EMITS offer ticket session expert
-- REFUSES no_such_offer not_funded
-- The second acceptance is the match; one of an offer that costs something needs a budget.
R.command("accept", function(turn, a)
  local o = mine(turn, a)
  if not o then return R.refuse("no_such_offer", a.offer) end
  if o[a.side .. "_ok"] then return { session = "" } end
  local no = fund(turn, o, a)
  if no then return no end
  o[a.side .. "_ok"] = true
  R.no_deadline(turn, (a.side == "user" and "ready:" or "ring:") .. o.offer)
  if o.user_ok and o.expert_ok then return { session = S.open(turn, o).session } end
  O.changed(turn, o, "accepted", a.side)
  return { session = "" }
end)

-- FUNCTION decline
-- ARGS offer side who reason
-- EMITS offer ticket expert
-- REFUSES no_such_offer
R.command("decline", function(turn, a)
  local o = mine(turn, a)
  if not o then return R.refuse("no_such_offer", a.offer) end
  if a.side == "user" then return O.not_ready(turn, o, "", "not_ready") end
  O.declined(turn, o, a.reason, "expert:" .. a.who)
end)

-- FUNCTION connected
-- ARGS session side who by_chat
-- RETURNS state
-- EMITS session ticket
-- REFUSES no_such_session session_over
-- Where a media worker vouches for the sound, a side's own word counts only when it goes on by chat, and that nobody
-- does by telephone.
R.command("connected", function(turn, a)
  local s, no = S.going_on(turn, a.session, a.side, a.who)
  if not s then return no end
  if s.path == "bridged" then
    if a.by_chat then S.goes_on_by_chat(turn, s, a.side) end
    if not C.by_chat(s, a.side) then return { state = s.state } end
  end
  S.connected(turn, s, a.side)
  return { state = s.state }
end)

-- FUNCTION end_session
-- ARGS session side who reason
-- EMITS session ticket expert
-- REFUSES no_such_session session_over
R.command("end_session", function(turn, a)
  local s, no = S.going_on(turn, a.session, a.side, a.who)
  if not s then return no end
  local by = a.side == "user" and "user" or a.side .. ":" .. a.who
  S.finish(turn, s, a.reason ~= "" and a.reason or "ended", by)
end)

-- FUNCTION finish_wrap_up
-- ARGS expert
-- RETURNS changed
-- EMITS expert offer ticket
-- REFUSES unknown_expert not_in_wrap_up
R.command("finish_wrap_up", function(turn, a)
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  if e.engagement ~= "wrap_up" then return R.refuse("not_in_wrap_up") end
  R.no_deadline(turn, "wrap:" .. e.expert)
  R.on_deadline.wrap(turn, e.expert)
  return { changed = true }
end)
