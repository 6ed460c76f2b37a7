-- include: ground/turn
-- An expert's record, its indicator, and the journal's word of it.
local E = {}
R.expert = E

function E.get(turn, id)
  return R.get(turn, "experts", id)
end

function E.put(turn, e)
  R.put(turn, "experts", e.expert, e)
end

function E.new(id, now)
  return {
    expert = id, declared = "offline", reason = "", forced = false, present = false, open = true, engagement = "idle",
    since = now, indicator = "offline", offer = "", session = "", wrap_until = 0, always = true, windows = {},
    closes = 0, open_until = 0, noticed = false,
  }
end

-- The one table of the indicator: the first line that holds.
function E.indicator(e)
  if e.engagement == "in_session" then return "busy" end
  -- Outside the hours nobody is expected to be here: that they are closed says more than that nobody is.
  if not e.open and e.engagement == "idle" then return "closed" end
  if not e.present or e.declared == "offline" then return "offline" end
  if e.engagement == "ringing" then return "ringing" end
  if e.engagement == "wrap_up" then return "wrap-up" end
  if e.declared == "away" then return "away" end
  return "free"
end

local function known_end(e, indicator, now)
  if indicator == "wrap-up" then return e.wrap_until end
  if indicator ~= "closed" then return 0 end
  for _, window in ipairs(e.windows) do
    if window[1] > now then return window[1] end
  end
  return 0
end

-- The facts as the journal tells them.
function E.facts(e, now, cause, by)
  return {
    k = "expert", cause = cause, expert = e.expert, indicator = e.indicator, declared = e.declared, reason = e.reason,
    forced = e.forced, present = e.present, open = e.open, engagement = e.engagement, since = e.since,
    ["until"] = known_end(e, e.indicator, now), offer = e.offer, session = e.session, by = by,
    closes = e.closes or 0, open_until = e.open_until or 0, -- records of an older release have neither
  }
end

-- Writes the record and tells what happened; `since` moves when the indicator does.
function E.changed(turn, e, cause, by)
  local indicator = E.indicator(e)
  if indicator ~= e.indicator then
    e.indicator, e.since = indicator, turn.now
  end
  E.put(turn, e)
  R.emit(turn, E.facts(e, turn.now, cause, by or "system"))
  R.touch(turn, e.expert)
  R.tell(turn, "expert_changed", e, by or "system")
end
