-- include: presence/member
-- The clock of a session. It runs while both sides show that they are there, and stops at the last sign of either,
-- whenever that is found out. Money is counted by it.
--
-- `ran_ms` it ran before `running_since`. While it stands still, `frozen_since` says since when, and a sign that turns
-- out to be older moves that back, at most to `started_at`, when it last began to run.
local C = {}
R.clock = C
local STALE_MS, MINUTE_MS, FROZEN_MAX_MS = 3000, 60000, 120000

function C.new(s)
  s.ran_ms, s.running_since, s.started_at = 0, 0, 0
  s.frozen, s.frozen_since, s.minute_told = "", 0, false
  s.cut = {} -- side: since when its media have stopped
  s.seen = {} -- side: the last sign through processes that hold it no more
  s.silent = { user = {}, expert = {} } -- side: process: since when it hears nothing
  return s
end

-- Evidence --------------------------------------------------------------------------------------------------

-- The last sign of a process about a side; nil while it hears it. `strictly`: a process that has not renewed its lease
-- of late may be dead, and has said nothing since.
local function sign_of(turn, s, side, process, strictly)
  local silent = s.silent[side][process]
  local renewed = strictly and R.renewed_at(turn, process)
  if not renewed or turn.now - renewed <= STALE_MS then return silent end
  return silent and math.min(silent, renewed) or renewed
end

-- The last sign through whoever holds a side, or has held it; nil while somebody hears it.
local function heard_until(turn, s, side, strictly)
  local holders = R.get(turn, "present", side .. ":" .. s[side])
  local last = s.seen[side]
  for _, process in ipairs(holders or {}) do
    local sign = sign_of(turn, s, side, process, strictly)
    if not sign then return nil end
    last = math.max(last or 0, sign)
  end
  return last or turn.now
end

-- Who writes in a session, or says so, goes on by chat.
function C.by_chat(s, side)
  return s.by_chat ~= nil and s.by_chat[side] == true
end

-- The last sign of the media worker of a session where it may be dead; nil where it isn't.
function C.worker_until(turn, s)
  local renewed = s.worker ~= "" and R.renewed_at(turn, s.worker)
  return renewed and turn.now - renewed > STALE_MS and renewed or nil
end

-- The same by the word of the media worker, which vouches for both sides: whether their pages are heard says nothing of
-- the sound. Without a worker both are cut.
local function media_until(turn, s, side, strictly)
  local cut, last = s.cut[side], strictly and C.worker_until(turn, s)
  return last and math.min(cut or last, last) or cut
end

-- When the evidence of a side ended; nil while there is some.
local function gone_since(turn, s, side, strictly)
  if s.path == "bridged" and not C.by_chat(s, side) then return media_until(turn, s, side, strictly) end
  return heard_until(turn, s, side, strictly)
end

-- Running and standing still --------------------------------------------------------------------------------

function C.zero_at(s)
  return (s.rate or 0) > 0 and s.running_since > 0 and s.running_since + s.budget_ms - s.ran_ms or 0
end

-- When the money or the longest time is used up if the clock runs on from now.
local function ends_at(turn, s)
  local since = s.running_since > 0 and s.running_since or turn.now
  return math.min(since + s.budget_ms - s.ran_ms, s.cap_until)
end

local function due(turn, name, at)
  if at then R.deadline(turn, name, at) else R.no_deadline(turn, name) end
end

-- What money needs: its end and the warning while the clock runs, the longest standstill while it doesn't.
local function arm(turn, s)
  if s.rate == 0 then return end
  local runs, settings = s.running_since > 0, R.settings(turn)
  local warning = runs and not s.minute_told and ends_at(turn, s) - MINUTE_MS
  -- All the time since the session is live in which the clock did not run.
  local standstill = s.live_at + s.ran_ms + (settings.frozen_max_ms or FROZEN_MAX_MS)
  due(turn, "zero:" .. s.session, runs and C.zero_at(s))
  due(turn, "minute:" .. s.session, warning and warning > turn.now and warning)
  due(turn, "frozen:" .. s.session, not runs and math.max(standstill, turn.now))
end

-- True when the last minute has begun and nobody has been told: it is told now.
function C.warns(turn, s)
  if (s.rate or 0) == 0 or s.running_since == 0 or s.minute_told then return false end
  if ends_at(turn, s) - MINUTE_MS > turn.now then return false end
  s.minute_told = true
  return true
end

local function stop(turn, s, at)
  at = math.max(math.min(at, turn.now), s.started_at)
  if s.running_since > 0 then
    s.ran_ms, s.running_since, s.frozen_since = s.ran_ms + at - s.running_since, 0, at
  elseif at < s.frozen_since then
    s.ran_ms, s.frozen_since = s.ran_ms - (s.frozen_since - at), at
  end
end

local function run(turn, s)
  s.started_at, s.running_since, s.frozen_since = turn.now, turn.now, 0
end

-- Looks at the evidence of both sides, `strictly` at that of one; the cause when something has changed, else nil.
-- Sessions of an older release have no clock.
function C.look(turn, s, strictly)
  if s.state ~= "live" or not s.silent then return nil end
  local user = gone_since(turn, s, "user", strictly == "user")
  local expert = gone_since(turn, s, "expert", strictly == "expert")
  local was, ran = s.frozen, s.ran_ms
  s.frozen = user and expert and "both" or user and "user" or expert and "expert" or ""
  if s.frozen == "" then
    if s.running_since > 0 then return nil end
    run(turn, s)
  else
    stop(turn, s, math.min(user or turn.now, expert or turn.now))
    if s.frozen == was and s.ran_ms == ran then return nil end
  end
  arm(turn, s)
  return s.frozen == "" and "resumed" or "frozen"
end

-- The session is live: the clock runs from now on, or stands still from the start.
function C.start(turn, s)
  s.started_at, s.frozen_since = turn.now, turn.now
  C.look(turn, s)
end

-- More money; a warning that was given is given again when its time comes.
function C.fund(turn, s, budget_ms)
  s.budget_ms = budget_ms
  if s.state ~= "live" then return end
  if ends_at(turn, s) - MINUTE_MS > turn.now then s.minute_told = false end
  arm(turn, s)
end

-- The session is over: the clock has run to the last sign of both sides, those of processes that may be dead included.
function C.finish(turn, s)
  if s.state == "live" and s.silent then
    local user, expert = gone_since(turn, s, "user", true), gone_since(turn, s, "expert", true)
    stop(turn, s, math.min(user or turn.now, expert or turn.now))
    s.frozen, s.frozen_since = "", 0
  end
  if (s.rate or 0) == 0 then return end
  for _, kind in ipairs({ "zero:", "minute:", "frozen:" }) do R.no_deadline(turn, kind .. s.session) end
end
