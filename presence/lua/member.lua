-- include: presence/expert
-- Who is here. A process holds a lease per pool and attaches members; several tabs and processes are one presence.
local E = R.expert
local LEASE_MS, HELD_MAX, LAPSE_CHUNK = 8000, 20000, 500

function R.is_here(turn, side, member)
  return R.get(turn, "present", side .. ":" .. member) ~= nil
end

local function came(turn, side, member)
  if side == "user" then return R.tell(turn, "user_back", member) end
  local e = E.get(turn, member)
  R.no_deadline(turn, "gone:expert:" .. member)
  if e and not e.present then
    e.present = true
    E.changed(turn, e, "present")
  end
  R.tell(turn, "expert_back", member)
end

local function gone_expert(turn, member)
  local e = E.get(turn, member)
  if e and e.present then
    e.present = false
    E.changed(turn, e, "gone")
    R.tell(turn, "expert_gone", member)
  end
end

-- An expert who closed the last tab in order gets a moment to come back (a reload); a dead process's don't.
local function went(turn, side, member, orderly)
  if side == "user" then return R.tell(turn, "user_gone", member) end
  if not E.get(turn, member) then return end -- retired meanwhile
  if orderly then
    local settings = R.settings(turn)
    return R.deadline(turn, "gone:expert:" .. member, turn.now + (settings and settings.presence_grace_ms or 0))
  end
  gone_expert(turn, member)
end

R.on_deadline.gone = function(turn, id)
  gone_expert(turn, id:match("^expert:(.*)$"))
end

-- When a process last renewed its lease; nil for one that has none.
function R.renewed_at(turn, process)
  local till = redis.call("ZSCORE", K.deadlines(turn.p), "lease:" .. process)
  return till and tonumber(till) - LEASE_MS or nil
end

-- Takes one process's hold on one member away; true when it was the last. The process had a sign of the member until
-- `seen`.
local function let_go(turn, process, side, member, seen)
  local name = side .. ":" .. member
  local holders = R.get(turn, "present", name) or {}
  local rest = {}
  for _, other in ipairs(holders) do
    if other ~= process then table.insert(rest, other) end
  end
  redis.call("SREM", K.held(turn.p, process), name)
  if #rest == #holders then return false end
  R.put(turn, "present", name, #rest > 0 and rest or nil)
  R.tell(turn, "let_go", side, member, process, seen)
  return #rest == 0
end

-- A process whose lease has lapsed was last alive when it renewed it.
local function let_all_go(turn, process, orderly)
  local seen = orderly and turn.now or turn.now - LEASE_MS
  local names = redis.call("SRANDMEMBER", K.held(turn.p, process), LAPSE_CHUNK)
  table.sort(names)
  for _, name in ipairs(names) do
    local side, member = name:match("^([a-z]+):(.*)$")
    if let_go(turn, process, side, member, seen) then went(turn, side, member, orderly) end
  end
  -- The rest follows at once, in further steps, so that no single step is long.
  if redis.call("SCARD", K.held(turn.p, process)) > 0 then
    R.deadline(turn, (orderly and "release:" or "lease:") .. process, turn.now)
  end
end

R.on_deadline.lease = function(turn, process)
  R.tell(turn, "lapsed", process, turn.now - LEASE_MS)
  let_all_go(turn, process, false)
end
R.on_deadline.release = function(turn, process) let_all_go(turn, process, true) end

-- FUNCTION renew
-- ARGS process
-- RETURNS known until
-- Renews the lease of a server process. `known` is false when the pool knew nothing of it (a new process, a lapsed
-- lease, a store that lost its data): it attaches its members again.
R.command("renew", function(turn, a)
  local name = "lease:" .. a.process
  local known = redis.call("ZSCORE", K.deadlines(turn.p), name) and true or false
  R.deadline(turn, name, turn.now + LEASE_MS)
  return { known = known, ["until"] = turn.now + LEASE_MS }
end)

-- FUNCTION release
-- ARGS process
-- EMITS expert ticket offer session
-- The process stops in order: its members are detached.
R.command("release", function(turn, a)
  R.no_deadline(turn, "lease:" .. a.process)
  R.tell(turn, "lapsed", a.process, turn.now)
  let_all_go(turn, a.process, true)
end)

-- FUNCTION attach
-- ARGS process side member
-- RETURNS first lapsed
-- EMITS expert ticket session
-- REFUSES unknown_expert process_full
R.command("attach", function(turn, a)
  if a.side == "expert" and not E.get(turn, a.member) then return R.refuse("unknown_expert", a.member) end
  local held, name = K.held(turn.p, a.process), a.side .. ":" .. a.member
  if redis.call("SCARD", held) >= HELD_MAX then return R.refuse("process_full") end
  -- A process without a lease holds nobody any more: it is told, so that it attaches the others again.
  local lapsed = redis.call("ZSCORE", K.deadlines(turn.p), "lease:" .. a.process) == false
  if lapsed then R.deadline(turn, "lease:" .. a.process, turn.now + LEASE_MS) end
  if redis.call("SADD", held, name) == 0 then return { first = false, lapsed = lapsed } end
  local holders = R.get(turn, "present", name) or {}
  if #holders > 0 then R.tell(turn, "holding", a.side, a.member) end
  table.insert(holders, a.process)
  R.put(turn, "present", name, holders)
  if #holders == 1 then came(turn, a.side, a.member) end
  R.tell(turn, "held", a.side, a.member)
  return { first = #holders == 1, lapsed = lapsed }
end)

-- FUNCTION detach
-- ARGS process side member silent_ms
-- RETURNS last
-- EMITS expert ticket offer session
-- The last sign of the member came `silent_ms` ago.
R.command("detach", function(turn, a)
  local last = let_go(turn, a.process, a.side, a.member, turn.now - a.silent_ms)
  if last then went(turn, a.side, a.member, true) end
  return { last = last }
end)
