-- include: sessions/chat
-- What the live store still has of sessions that are over.

-- FUNCTION forget_user
-- ARGS user
-- RETURNS forgotten
-- Ended sessions of a user, with what was said in them, go before their hour is over.
R.command("forget_user", function(turn, a)
  local forgotten = 0
  for _, raw in ipairs(redis.call("HVALS", K.sessions(turn.p))) do
    local s = cmsgpack.unpack(raw)
    if s.user == a.user and s.state == "ended" then
      R.no_deadline(turn, "forget:" .. s.session)
      R.on_deadline.forget(turn, s.session)
      forgotten = forgotten + 1
    end
  end
  return { forgotten = forgotten }
end)
