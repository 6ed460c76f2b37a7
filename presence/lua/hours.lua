-- include: presence/expert
-- When an expert is open: in the windows of their hours, and while "available now for" lasts.
local E = R.expert
local WINDOWS_MAX, MINUTES_MAX = 400, 1440
local NEVER = 253402300800000 -- a window that closes then or later has no end that is known (presence.presence.NEVER)
local NOTICE_MS = 900000 -- where a pool's settings are of a release that had no such setting

-- Where an opening that is known to last until `till` ends, by the windows that join it; 0 when nothing is open.
local function end_of(windows, now, till)
  for _, window in ipairs(windows) do
    if window[1] > math.max(now, till) then break end
    till = math.max(till, window[2])
  end
  return till
end

local function due(turn, name, at)
  if at > 0 then R.deadline(turn, name, at) else R.no_deadline(turn, name) end
end

-- The next edge of the windows: the end of the one that is open, or the beginning of the next; 0 for none.
local function next_edge(turn, e)
  local first = e.windows[1]
  if e.always or not first then return 0 end
  local edge = first[1] <= turn.now and first[2] or first[1]
  return edge < NEVER and edge or 0
end

-- When those who wait are told of the end: some time before it, and again when the end is another.
local function closing_at(turn, e)
  if e.closes == 0 or e.noticed then return 0 end
  local settings = R.settings(turn)
  return e.closes - (settings and settings.closing_notice_ms or NOTICE_MS)
end

local function tell_of_the_end(turn, e)
  e.noticed = true
  E.changed(turn, e, "closing_soon")
end

-- Works out what is so now, sets the deadlines of what comes next, and forgets what is over.
local function look(turn, e)
  while e.windows[1] and e.windows[1][2] <= turn.now do table.remove(e.windows, 1) end
  if (e.open_until or 0) <= turn.now then e.open_until = 0 end
  local till = end_of(e.windows, turn.now, e.open_until)
  e.open = e.always or till > 0
  local closes = (e.always or till >= NEVER) and 0 or till
  if closes ~= e.closes then
    e.closes, e.noticed = closes, false
    R.no_deadline(turn, "closing:" .. e.expert)
  end
  due(turn, "hours:" .. e.expert, next_edge(turn, e))
  due(turn, "override:" .. e.expert, e.open_until)
end

-- What of the hours everybody is told.
local function shown(turn, e)
  local facts = E.facts(e, turn.now, "", "")
  return table.concat({ tostring(e.open), facts["until"], facts.closes, facts.open_until }, " ")
end

local function look_again(turn, e, before, by)
  look(turn, e)
  if shown(turn, e) == before then return E.put(turn, e) end
  E.changed(turn, e, e.open and "opened" or "closed", by)
  local at = closing_at(turn, e)
  if at > turn.now then R.deadline(turn, "closing:" .. e.expert, at) elseif at > 0 then tell_of_the_end(turn, e) end
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
  local before = shown(turn, e)
  e.always, e.windows = a.always, a.windows
  look_again(turn, e, before)
  return { open = e.open }
end)

-- FUNCTION open_for
-- ARGS expert minutes
-- RETURNS open_until closes
-- EMITS expert offer ticket
-- REFUSES unknown_expert not_closed bad_field
-- Available from now on for so many minutes, whatever the windows say; 0 goes back to them. It puts nobody online.
R.command("open_for", function(turn, a)
  local e = E.get(turn, a.expert)
  if not e then return R.refuse("unknown_expert", a.expert) end
  if type(a.minutes) ~= "number" or a.minutes < 0 or a.minutes > MINUTES_MAX then
    return R.refuse("bad_field", "minutes")
  end
  local till = a.minutes > 0 and turn.now + math.floor(a.minutes * 60000) or 0
  if till > 0 and (e.always or end_of(e.windows, turn.now, 0) >= till) then return R.refuse("not_closed", a.expert) end
  local before = shown(turn, e)
  e.open_until = till
  look_again(turn, e, before, "")
  return { open_until = e.open_until, closes = e.closes }
end)

local function at_an_edge(turn, id)
  local e = E.get(turn, id)
  if e then look_again(turn, e, shown(turn, e)) end
end
R.on_deadline.hours = at_an_edge
R.on_deadline.override = at_an_edge

R.on_deadline.closing = function(turn, id)
  local e = E.get(turn, id)
  if e then tell_of_the_end(turn, e) end
end
