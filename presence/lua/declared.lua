-- include: presence/member
-- What an expert declares, and who belongs to the pool.
local E = R.expert
local DEADLINES = { "hours:", "override:", "closing:", "keep:", "wrap:", "gone:expert:" }

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
  for _, kind in ipairs(DEADLINES) do R.no_deadline(turn, kind .. e.expert) end
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
