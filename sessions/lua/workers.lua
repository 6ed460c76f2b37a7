-- include: ground/turn
-- Media workers: who is there, who takes the next session, and their mail. All of it lies in one slot, under the pool
-- name that the caller gives.
local LEASE_MS, WORKERS_MAX, BOOKED_MAX = 8000, 256, 1000

local function each(turn)
  local ids = redis.call("HKEYS", K.workers(turn.p))
  table.sort(ids)
  local found = {}
  for _, id in ipairs(ids) do
    local w = R.get(turn, "workers", id)
    if w then table.insert(found, w) end
  end
  return found
end

-- What was given to a worker and is not counted by it yet; what it never took is forgotten in time.
local function waiting(turn, w, took)
  local rest = {}
  for _, b in ipairs(w and w.booked or {}) do
    if b.till > turn.now and not took[b.key] then table.insert(rest, b) end
  end
  return rest
end

local function lines_left(w)
  local lines = w.lines
  for _, b in ipairs(w.booked) do lines = lines - b.lines end
  return lines
end

local function is_full(w) return w.carries + #w.booked >= w.most or #w.booked >= BOOKED_MAX end
local function load_of(w) return (w.carries + #w.booked) / w.most end

R.on_deadline.enlisted = function(turn, id) R.put(turn, "workers", id, nil) end

-- FUNCTION enlist
-- ARGS worker most carries lines took speaks
-- RETURNS until
-- REFUSES media_full
-- A worker is there for so long. `took` names what it carries by now of what it was chosen for; one that `speaks` can
-- say a code on the telephone.
R.command("enlist", function(turn, a)
  local before, took = R.get(turn, "workers", a.worker), {}
  if not before and redis.call("HLEN", K.workers(turn.p)) >= WORKERS_MAX then
    return R.refuse("media_full", tostring(WORKERS_MAX))
  end
  for _, key in ipairs(a.took) do took[key] = true end
  local w = { worker = a.worker, most = a.most, carries = a.carries, lines = a.lines, speaks = a.speaks }
  w.booked = waiting(turn, before, took)
  R.put(turn, "workers", a.worker, w)
  R.deadline(turn, "enlisted:" .. a.worker, turn.now + LEASE_MS)
  return { ["until"] = turn.now + LEASE_MS }
end)

-- FUNCTION stand_down
-- ARGS worker
-- The worker takes nothing any more.
R.command("stand_down", function(turn, a)
  R.no_deadline(turn, "enlisted:" .. a.worker)
  R.put(turn, "workers", a.worker, nil)
end)

-- The least loaded of those that have room, and speak where that is asked; nil and the refusal when there is none.
local function least_loaded(turn, lines, not_worker, speaking)
  local best, why
  for _, w in ipairs(each(turn)) do
    w.booked = waiting(turn, w, {})
    if w.worker == not_worker or (speaking and not w.speaks) then
      why = why or "no_media"
    elseif lines > 0 and lines_left(w) < lines then
      why = why == "media_full" and why or "phone_full"
    elseif is_full(w) then
      why = "media_full"
    elseif not best or load_of(w) < load_of(best) then
      best = w
    end
  end
  if best then return best end
  if why == "media_full" then return nil, R.refuse("media_full") end
  if why == "phone_full" then return nil, R.refuse("phone_full") end
  return nil, R.refuse("no_media")
end

-- FUNCTION choose
-- ARGS key lines not_worker
-- RETURNS worker
-- REFUSES no_media media_full phone_full
-- Who takes what is called `key`, with so many telephone lines: whoever was chosen for it before, if that was just now,
-- else the least loaded, but never `not_worker`. Without a key nothing is booked.
R.command("choose", function(turn, a)
  for _, w in ipairs(each(turn)) do
    for _, b in ipairs(w.worker ~= a.not_worker and waiting(turn, w, {}) or {}) do
      if b.key == a.key then return { worker = w.worker } end
    end
  end
  local w, no = least_loaded(turn, a.lines, a.not_worker)
  if not w then return no end
  if a.key ~= "" then
    table.insert(w.booked, { key = a.key, lines = a.lines, till = turn.now + LEASE_MS })
    R.put(turn, "workers", w.worker, w)
  end
  return { worker = w.worker }
end)

-- FUNCTION choose_caller
-- ARGS lines
-- RETURNS worker speaks
-- REFUSES no_media media_full phone_full
-- Who makes a call of its own: the least loaded of those that speak, else of all. Nothing is booked.
R.command("choose_caller", function(turn, a)
  local w = least_loaded(turn, a.lines, "", true)
  if w then return { worker = w.worker, speaks = true } end
  local other, no = least_loaded(turn, a.lines, "")
  if not other then return no end
  return { worker = other.worker, speaks = false }
end)

-- FUNCTION listed
-- RETURNS workers
R.command("listed", function(turn)
  local found = {}
  for i, w in ipairs(each(turn)) do
    found[i] = { w.worker, w.most, w.carries + #waiting(turn, w, {}), w.lines, w.speaks == true }
  end
  return { workers = found }
end)

-- FUNCTION post
-- ARGS to sender mail body answers
-- REFUSES no_media
-- A letter to a worker, or its answer to the letter `answers`. Whoever isn't there doesn't get it; nothing is stored.
R.command("post", function(turn, a)
  if a.answers == "" and not R.get(turn, "workers", a.to) then return R.refuse("no_media") end
  R.whisper(turn, { k = "post", to = a.to, sender = a.sender, mail = a.mail, body = a.body, answers = a.answers })
end)
