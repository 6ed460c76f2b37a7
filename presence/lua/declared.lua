-- include: presence/member
-- What an expert declares, when they are open, and who belongs to the pool.
local E = R.expert
local WINDOWS_MAX = 400

-- FUNCTION enrol
-- ARGS experts
-- RETURNS added
-- EMITS expert
-- Adds experts to the pool; those already in it are left as they are. Whoever was retired may still be connected.
R.command("enrol", function(turn, a)
  local added = 0
  for _, id in ipairs(a.experts) do
    if not E.get(turn, id) then
      added = added + 1
      local e = E.new(id, turn.now)
      e.present = R.is_here(turn, "expert", id)
      E.changed(turn, e, "enrolled")
    end
  end
  return { added = added }
end)

-- FUNCTION retire
-- ARGS expert
-- EMITS expert offer ticket
-- REFUSES unknown_expert expert_in_session
-- Takes an expert out of the pool: their line is emptied at once.
R.command("retire", function(turn, a)
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  if e.engagement == "in_session" then return R.refuse("expert_in_session", a.expert) end
  E.declare(turn, e, "offline", "", "declared", "system")
  R.tell(turn, "expert_retired", e)
  for _, kind in ipairs({ "hours:", "keep:", "wrap:", "gone:expert:" }) do R.no_deadline(turn, kind .. e.expert) end
  E.changed(turn, e, "retired")
  R.put(turn, "experts", e.expert, nil)
  redis.call("HDEL", K.ordinals(turn.p), e.expert)
end)

-- Changes the declared status; also the consequence of a missed offer.
function E.declare(turn, e, status, reason, cause, by)
  if e.declared == status and e.reason == reason then return false end
  e.declared, e.reason, e.forced = status, reason, by ~= nil and by:find("^operator:") ~= nil
  E.changed(turn, e, cause, by)
  return true
end

-- FUNCTION declare
-- ARGS expert status reason by
-- RETURNS changed
-- EMITS expert offer ticket
-- REFUSES unknown_expert bad_status
R.command("declare", function(turn, a)
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  if a.status ~= "online" and a.status ~= "away" and a.status ~= "offline" then return R.refuse("bad_status") end
  return { changed = E.declare(turn, e, a.status, a.reason, "declared", a.by) }
end)

-- Whether the windows are open now; sets the deadline of the next change and forgets windows that are over.
local function look_at_hours(turn, e)
  while e.windows[1] and e.windows[1][2] <= turn.now do table.remove(e.windows, 1) end
  local first = e.windows[1]
  local open = e.always or (first ~= nil and first[1] <= turn.now)
  if e.always or not first then
    R.no_deadline(turn, "hours:" .. e.expert)
  else
    R.deadline(turn, "hours:" .. e.expert, open and first[2] or first[1])
  end
  return open
end

-- FUNCTION set_hours
-- ARGS expert always windows
-- RETURNS open
-- EMITS expert offer ticket
-- REFUSES unknown_expert too_many_windows
-- The hours in force as instants: ascending pairs of opening and closing times that don't touch.
R.command("set_hours", function(turn, a)
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  if #a.windows > WINDOWS_MAX then return R.refuse("too_many_windows", tostring(WINDOWS_MAX)) end
  local before = e.open
  local until_before = E.facts(e, turn.now, "", "")["until"]
  e.always, e.windows = a.always, a.windows
  e.open = look_at_hours(turn, e)
  local until_now = E.facts(e, turn.now, "", "")["until"]
  if e.open ~= before or until_now ~= until_before then
    E.changed(turn, e, e.open and "opened" or "closed")
  else
    E.put(turn, e)
  end
  return { open = e.open }
end)

R.on_deadline.hours = function(turn, id)
  local e = E.get(turn, id)
  if not e then return end
  local before = e.open
  e.open = look_at_hours(turn, e)
  if e.open ~= before then E.changed(turn, e, e.open and "opened" or "closed") else E.put(turn, e) end
end
