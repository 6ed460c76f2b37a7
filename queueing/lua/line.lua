-- include: queueing/consequences
-- What a user asks of lines.
local T, E, O = R.ticket, R.expert, R.offer

-- Why this line can't take one more; nil when it can.
local function closed_to(turn, id)
  local e = E.get(turn, id)
  if not e then return R.refuse("unknown_expert", id) end
  local why = e.engagement ~= "in_session" and E.shut(e)
  if e.engagement == "in_session" then why = (not e.open and "line_closed") or (e.declared == "offline" and "expert_offline") end
  if why then return R.refuse(why, id) end
  if T.length(turn, id) >= R.settings(turn).line_limit then return R.refuse("line_full", id) end
end
T.closed_to = closed_to

local function granted(turn, t)
  local places = {}
  for i, expert in ipairs(t.experts) do
    local ahead = {}
    local scored = redis.call("ZRANGEBYSCORE", K.line(turn.p, expert), "-inf", "(" .. t.ordinals[expert], "WITHSCORES")
    for j = 2, #scored, 2 do ahead[j / 2] = tonumber(scored[j]) end
    places[i] = { expert, t.ordinals[expert], ahead, T.length(turn, expert) }
  end
  return { ticket = t.ticket, state = t.state, joined_at = t.joined_at, places = places }
end

local function refused_newcomer(turn, a)
  if not R.settings(turn) then return R.refuse("no_such_pool") end
  if T.of_user(turn, a.user) then return R.refuse("already_in_line") end
end

local function check_experts(turn, experts)
  if #experts == 0 then return R.refuse("no_expert") end
  if #experts > R.settings(turn).lines_per_ticket then
    return R.refuse("too_many_lines", tostring(R.settings(turn).lines_per_ticket))
  end
  local seen = {}
  for _, id in ipairs(experts) do
    if seen[id] then return R.refuse("duplicate_expert", id) end
    seen[id] = true
    local no = closed_to(turn, id)
    if no then return no end
  end
end

local function enter(turn, a, experts)
  local t = T.new(turn, a)
  for _, id in ipairs(experts) do T.place(turn, t, id, nil, a.terms[id]) end
  T.agree(t)
  T.changed(turn, t, "joined", "joined", "")
  T.touch_lines(turn, t)
  return t
end

-- FUNCTION join
-- ARGS user name experts mode terms
-- RETURNS ticket state joined_at places
-- EMITS ticket offer expert
-- REFUSES no_such_pool already_in_line no_expert too_many_lines duplicate_expert unknown_expert expert_offline line_closed line_full
R.command("join", function(turn, a)
  local no = refused_newcomer(turn, a) or check_experts(turn, a.experts)
  if no then return no end
  local t = enter(turn, a, a.experts)
  R.settle(turn)
  return granted(turn, t)
end)

local NOT_FREE = {
  ringing = "expert_busy", busy = "expert_busy", ["wrap-up"] = "expert_busy", away = "expert_away",
  closed = "line_closed", offline = "expert_offline",
}

-- FUNCTION connect
-- ARGS user name expert mode terms
-- RETURNS ticket state joined_at places
-- EMITS ticket offer expert
-- REFUSES no_such_pool already_in_line unknown_expert expert_busy expert_away expert_offline line_closed line_full
-- An immediate offer to a free expert, or nothing.
R.command("connect", function(turn, a)
  local no = refused_newcomer(turn, a)
  if no then return no end
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  local why = NOT_FREE[E.indicator(e)]
  if why then return R.refuse(why, a.expert) end
  no = closed_to(turn, a.expert)
  if no then return no end
  local t = enter(turn, a, { a.expert })
  R.settle(turn)
  return granted(turn, t)
end)

local function leaves_offer(turn, t, leaving)
  if t.state ~= "offered" then return false end
  return leaving == "" or R.get(turn, "offers", t.offer).expert == leaving
end

local function refused_switch(turn, t, a)
  if t.session ~= "" then return R.refuse("in_session") end
  if a.leaving ~= "" and not T.stands_in(t, a.leaving) then return R.refuse("not_in_line", a.leaving) end
  if T.stands_in(t, a.expert) then return R.refuse("same_line", a.expert) end
  if leaves_offer(turn, t, a.leaving) and R.get(turn, "offers", t.offer).user_ok then return R.refuse("offer_open") end
  return closed_to(turn, a.expert)
end

-- FUNCTION switch
-- ARGS user expert leaving terms
-- RETURNS ticket state joined_at places
-- EMITS ticket offer expert
-- REFUSES no_ticket in_session not_in_line same_line offer_open unknown_expert expert_offline line_closed line_full
-- The old place goes in the same step in which the new one is granted.
R.command("switch", function(turn, a)
  local t = T.of_user(turn, a.user)
  if not t then return R.refuse("no_ticket") end
  local no = refused_switch(turn, t, a)
  if no then return no end
  if leaves_offer(turn, t, a.leaving) then O.withdraw(turn, t.offer, "switched", "") end
  if a.leaving == "" then T.unplace_all(turn, t) else T.unplace(turn, t, a.leaving) end
  T.place(turn, t, a.expert, nil, a.terms[a.expert])
  T.agree(t)
  T.changed(turn, t, "switched", "switched", "")
  T.touch_lines(turn, t)
  R.settle(turn)
  return granted(turn, t)
end)

-- FUNCTION leave
-- ARGS user expert
-- RETURNS left
-- EMITS ticket offer expert
-- REFUSES no_ticket in_session not_in_line
-- Leaves the line of `expert`, or all of them when it is empty.
R.command("leave", function(turn, a)
  local t = T.of_user(turn, a.user)
  if not t then return R.refuse("no_ticket") end
  if t.session ~= "" then return R.refuse("in_session") end
  if a.expert ~= "" and not T.stands_in(t, a.expert) then return R.refuse("not_in_line", a.expert) end
  if leaves_offer(turn, t, a.expert) then O.withdraw(turn, t.offer, "left", "") end
  if a.expert ~= "" and #t.experts > 1 then
    T.drop(turn, t, a.expert, "left", "")
  else
    T.finish(turn, t, "left", "", false)
  end
  return { left = true }
end)

-- FUNCTION step_away
-- ARGS user ms
-- RETURNS paused_until
-- EMITS ticket
-- REFUSES no_ticket offer_open in_session too_long_away
-- The ticket keeps its place and is passed over until the user is back, or the time is up and a ready check decides.
R.command("step_away", function(turn, a)
  local t = T.of_user(turn, a.user)
  if not t then return R.refuse("no_ticket") end
  if t.state == "offered" then return R.refuse("offer_open") end
  if t.state ~= "waiting" then return R.refuse("in_session") end
  local most = R.settings(turn).step_away_max_ms
  if a.ms > most then return R.refuse("too_long_away", tostring(math.floor(most / 1000))) end
  local till = turn.now + a.ms
  if t.paused_until == till and t.pause_reason == "stepped_away" then return { paused_until = till } end
  t.paused_until, t.pause_reason = till, "stepped_away"
  R.deadline(turn, "pause:" .. t.ticket, t.paused_until)
  T.grace(turn, t)
  T.changed(turn, t, "paused", "stepped_away", "")
  return { paused_until = t.paused_until }
end)

-- FUNCTION come_back
-- ARGS user
-- RETURNS changed
-- EMITS ticket offer expert
-- REFUSES no_ticket
-- It shows that the user is there; to a rate that they have not agreed to it is no yes.
R.command("come_back", function(turn, a)
  local t = T.of_user(turn, a.user)
  if not t then return R.refuse("no_ticket") end
  local confirm = t.must_confirm and T.dearer(t)
  if t.state ~= "waiting" or (t.paused_until == 0 and t.must_confirm == confirm) then return { changed = false } end
  t.paused_until, t.pause_reason, t.must_confirm = 0, "", confirm
  R.no_deadline(turn, "pause:" .. t.ticket)
  T.grace(turn, t)
  T.changed(turn, t, "resumed", "came_back", "")
  T.touch_lines(turn, t)
  return { changed = true }
end)

-- FUNCTION call_me
-- ARGS user on rate
-- RETURNS call_me
-- EMITS ticket offer expert
-- REFUSES no_ticket in_session not_by_phone rate_higher
-- At the turn the user's phone rings, and they need no page until then. With a `rate` (-1: nothing is said of it) they
-- agree to what their lines cost, up to that.
R.command("call_me", function(turn, a)
  local t = T.of_user(turn, a.user)
  if not t then return R.refuse("no_ticket") end
  if t.session ~= "" then return R.refuse("in_session") end
  if t.mode ~= "phone" then return R.refuse("not_by_phone") end
  local agrees = a.on and a.rate >= 0 and T.dearer(t)
  if agrees and T.dearer(t, a.rate) then return R.refuse("rate_higher") end
  if agrees then T.agree(t) end
  if (t.call_me or false) ~= a.on or agrees then
    t.call_me = a.on or nil
    if not t.connected then t.lost_at = turn.now end
    T.grace(turn, t)
    T.changed(turn, t, "call_me", "call_me", "")
    T.touch_lines(turn, t)
  end
  return { call_me = a.on }
end)
