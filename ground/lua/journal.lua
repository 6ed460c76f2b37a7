-- include: ground/turn
-- The journal's own functions, and the lease of the one process that leads a pool.

-- FUNCTION tail
-- RETURNS epoch tail
-- Where the journal ends; also gives a new pool its epoch.
R.command("tail", function(turn)
  return { epoch = turn.epoch, tail = turn.seq }
end)

-- FUNCTION renew_epoch
-- ARGS epoch
-- RETURNS epoch
-- Declares that history was lost (a restored backup, a failover): everybody takes a fresh snapshot.
-- Nothing happens when somebody has already renewed the epoch given.
R.command("renew_epoch", function(turn, a)
  if turn.epoch == a.epoch then
    local t = redis.call("TIME")
    turn.epoch = string.format("%x%05x", t[1], t[2])
    turn.fresh = true
    R.emit(turn, { k = "epoch" })
  end
  return { epoch = turn.epoch }
end)

-- FUNCTION trim
-- ARGS upto keep
-- RETURNS trimmed
-- Drops entries up to `upto`, which every consumer has acknowledged, but keeps the last `keep`.
R.command("trim", function(turn, a)
  local upto = math.min(a.upto, turn.seq - a.keep)
  if upto < 1 then return { trimmed = 0 } end
  return { trimmed = redis.call("XTRIM", K.journal(turn.p), "MINID", (upto + 1) .. "-0") }
end)

-- FUNCTION lead
-- ARGS process ttl
-- RETURNS token until
-- Takes or renews the lease of the pool's leader. The token grows with each new leader and is 0 for those who wait.
-- Leases run on the store's own clock, also in a simulation.
R.command("lead", function(turn, a)
  local at = K.leader(turn.p)
  local t = redis.call("TIME")
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  local held = redis.call("HMGET", at, "process", "until", "token")
  local till, token = tonumber(held[2] or "0"), tonumber(held[3] or "0")
  if held[1] ~= a.process and till > now then return { token = 0, ["until"] = till } end
  if held[1] ~= a.process or till <= now then token = token + 1 end
  redis.call("HSET", at, "process", a.process, "until", now + a.ttl, "token", token)
  return { token = token, ["until"] = now + a.ttl }
end)

-- FUNCTION resign
-- ARGS process
-- RETURNS token
-- The leader steps down at once; another's lease is left alone.
R.command("resign", function(turn, a)
  if redis.call("HGET", K.leader(turn.p), "process") == a.process then
    redis.call("HSET", K.leader(turn.p), "until", 0)
  end
  return { token = 0 }
end)
