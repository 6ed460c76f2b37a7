-- include: queueing/session
-- What is said in a session, and what is only whispered (typing, signalling).
local S = R.session
local CHAT_MAX = 2000

local function open_session(turn, a)
  local s = S.of(turn, a.session, a.side, a.who)
  if not s then return nil, R.refuse("no_such_session", a.session) end
  if s.state == "ended" then return nil, R.refuse("session_over", a.session) end
  return s
end

-- FUNCTION say
-- ARGS session side who text op
-- RETURNS n said_at
-- EMITS said session
-- REFUSES no_such_session session_over chat_full
R.command("say", function(turn, a)
  local s, no = open_session(turn, a)
  if not s then return no end
  if s.said >= CHAT_MAX then return R.refuse("chat_full", tostring(CHAT_MAX)) end
  s.said = s.said + 1
  R.put(turn, "sessions", s.session, s)
  local line = { s.said, a.side, a.text, turn.now, a.op }
  redis.call("RPUSH", K.chat(turn.p, s.session), cmsgpack.pack(line))
  R.emit(turn, { k = "said", session = s.session, n = s.said, side = a.side, text = a.text, at = turn.now, op = a.op })
  S.wrote(turn, s, a.side)
  return { n = s.said, said_at = turn.now }
end)

-- FUNCTION delivered
-- ARGS session side who n
-- RETURNS n
-- EMITS delivered
-- REFUSES no_such_session
R.command("delivered", function(turn, a)
  local s = S.of(turn, a.session, a.side, a.who)
  if not s then return R.refuse("no_such_session", a.session) end
  local mark = "delivered_" .. a.side
  local n = math.min(a.n, s.said)
  if n <= s[mark] then return { n = s[mark] } end
  s[mark] = n
  R.put(turn, "sessions", s.session, s)
  R.emit(turn, { k = "delivered", session = s.session, side = a.side, n = n })
  return { n = n }
end)

-- FUNCTION whisper
-- ARGS session side who kind data
-- REFUSES no_such_session session_over
R.command("whisper", function(turn, a)
  local s, no = open_session(turn, a)
  if not s then return no end
  R.whisper(turn, { k = "whisper", session = s.session, side = a.side, kind = a.kind, data = a.data })
end)

-- FUNCTION history
-- ARGS session side who before limit
-- RETURNS lines delivered_user delivered_expert more
-- REFUSES no_such_session
-- The newest `limit` messages before message `before` (0: from the end).
R.command("history", function(turn, a)
  local s = S.of(turn, a.session, a.side, a.who)
  if not s then return R.refuse("no_such_session", a.session) end
  local last = a.before > 0 and math.min(a.before - 1, s.said) or s.said
  local first = math.max(last - a.limit + 1, 1)
  local lines = {}
  if last >= 1 then
    for i, raw in ipairs(redis.call("LRANGE", K.chat(turn.p, s.session), first - 1, last - 1)) do
      lines[i] = cmsgpack.unpack(raw)
    end
  end
  return { lines = lines, delivered_user = s.delivered_user, delivered_expert = s.delivered_expert, more = first > 1 }
end)

-- FUNCTION session_of
-- ARGS session side who
-- RETURNS session expert user mode state matched_at live_at ended_at
-- REFUSES no_such_session
-- How a session stands, for one of its sides: until an hour after its end.
R.command("session_of", function(turn, a)
  local s = S.of(turn, a.session, a.side, a.who)
  if not s then return R.refuse("no_such_session", a.session) end
  return {
    session = s.session, expert = s.expert, user = s.user, mode = s.mode, state = s.state,
    matched_at = s.matched_at, live_at = s.live_at, ended_at = s.ended_at,
  }
end)
