-- include: queueing/session
-- What is said in a session, and what is only whispered (typing, signalling).
local S = R.session
local CHAT_MAX = 2000

-- A line is { n, side, text, at, op, edited_at, unsaid, file }; those of an older release end with op.
local function tell(turn, s, line)
  local n, side, text, at, op, edited_at, unsaid, file = unpack(line, 1, 8)
  R.emit(turn, {
    k = "said", session = s.session, n = n, side = side, text = text, at = at, op = op,
    edited_at = edited_at or 0, unsaid = unsaid or false, file = file,
  })
end

-- FUNCTION say
-- ARGS session side who text op file
-- RETURNS n said_at
-- EMITS said session
-- REFUSES no_such_session session_over chat_full
-- `file` is nil or a map that is handed on as it is.
R.command("say", function(turn, a)
  local s, no = S.going_on(turn, a.session, a.side, a.who)
  if not s then return no end
  if s.said >= CHAT_MAX then return R.refuse("chat_full", tostring(CHAT_MAX)) end
  s.said = s.said + 1
  R.put(turn, "sessions", s.session, s)
  local line = { s.said, a.side, a.text, turn.now, a.op, 0, false, a.file }
  redis.call("RPUSH", K.chat(turn.p, s.session), cmsgpack.pack(line))
  tell(turn, s, line)
  S.wrote(turn, s, a.side)
  return { n = s.said, said_at = turn.now }
end)

-- A line of one's own, in a session that goes on.
local function own_line(turn, a)
  local s, no = S.going_on(turn, a.session, a.side, a.who)
  if not s then return nil, nil, no end
  local raw = a.n <= s.said and redis.call("LINDEX", K.chat(turn.p, s.session), a.n - 1)
  local line = raw and cmsgpack.unpack(raw)
  if not line or line[2] ~= a.side then return nil, nil, R.refuse("no_such_line", tostring(a.n)) end
  if line[7] then return nil, nil, R.refuse("line_unsaid", tostring(a.n)) end
  return s, line
end

-- Changes are counted, so that they can't fill the journal; and each is later than the one before.
local function change(turn, s, line)
  s.reworded = (s.reworded or 0) + 1
  R.put(turn, "sessions", s.session, s)
  line[6] = math.max(turn.now, (line[6] or 0) + 1)
  redis.call("LSET", K.chat(turn.p, s.session), line[1] - 1, cmsgpack.pack(line))
  tell(turn, s, line)
end

-- FUNCTION edit
-- ARGS session side who n text
-- RETURNS n
-- EMITS said session
-- REFUSES no_such_session session_over no_such_line line_unsaid chat_full
R.command("edit", function(turn, a)
  local s, line, no = own_line(turn, a)
  if not s then return no end
  if line[3] == a.text then return { n = a.n } end
  if (s.reworded or 0) >= CHAT_MAX then return R.refuse("chat_full", tostring(CHAT_MAX)) end
  line[3], line[7] = a.text, false
  change(turn, s, line)
  S.wrote(turn, s, a.side)
  return { n = a.n }
end)

-- FUNCTION unsay
-- ARGS session side who n
-- RETURNS n file
-- EMITS said
-- REFUSES no_such_session session_over no_such_line line_unsaid
-- The words go, and the file; that something was said stays. `file` is the id of what it carried, or "".
R.command("unsay", function(turn, a)
  local s, line, no = own_line(turn, a)
  if not s then return no end
  local file = line[8] and line[8].file or ""
  line[3], line[7], line[8] = "", true, nil
  change(turn, s, line)
  return { n = a.n, file = file }
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
  local s, no = S.going_on(turn, a.session, a.side, a.who)
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
