-- include: queueing/line
-- An expert hands a user over to a colleague, if the user wants that.
local T, E, S = R.ticket, R.expert, R.session

-- FUNCTION propose_transfer
-- ARGS session who expert
-- EMITS session
-- REFUSES no_such_session session_over same_expert unknown_expert expert_offline line_closed line_full
-- The expert proposes a colleague; "" takes it back.
R.command("propose_transfer", function(turn, a)
  local s, no = S.going_on(turn, a.session, "expert", a.who)
  if not s then return no end
  if a.expert == s.expert then return R.refuse("same_expert", a.expert) end
  no = a.expert ~= "" and T.closed_to(turn, a.expert)
  if no then return no end
  if s.transfer_to == a.expert then return end
  s.transfer_to = a.expert
  S.changed(turn, s, "transfer")
end)

-- FUNCTION answer_transfer
-- ARGS session who yes expert terms
-- RETURNS ticket expert
-- EMITS session ticket expert offer
-- REFUSES no_such_session session_over no_transfer unknown_expert expert_offline line_closed line_full
-- With yes, in one step: this session ends, and the user stands first in the colleague's line on `terms`. `expert` is the
-- colleague for whom these terms were made: when another is proposed by now, the answer was not meant for that one.
R.command("answer_transfer", function(turn, a)
  local s, no = S.going_on(turn, a.session, "user", a.who)
  if not s then return no end
  local to = s.transfer_to or ""
  if to == "" then return R.refuse("no_transfer", a.session) end
  if not a.yes then
    s.transfer_to = ""
    S.changed(turn, s, "transfer")
    return { ticket = "", expert = to }
  end
  if a.expert ~= to then return R.refuse("no_transfer", a.session) end
  no = T.closed_to(turn, to)
  if no then return no end
  local before, by = T.get(turn, s.ticket), "expert:" .. s.expert
  s.transfer_to, s.went_to = "", to
  S.finish(turn, s, "transferred", "user")
  local t = T.new(turn, { user = s.user, name = s.name, mode = s.mode })
  if before.call_me then t.call_me = true; T.grace(turn, t) end
  T.place(turn, t, to, T.head(turn, to), a.terms[to])
  t.moved[to] = "transferred"
  T.agree(t)
  T.changed(turn, t, "transferred", "transferred", by)
  T.touch_lines(turn, t)
  return { ticket = t.ticket, expert = to }
end)
