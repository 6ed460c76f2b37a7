-- include: queueing/consequences
-- A visitor has signed in as somebody who has an account: what the visitor has in the lines becomes the user's.
local T, O, S = R.ticket, R.offer, R.session

-- Only the user's own connection counts from now on, for the clock as well. One who isn't here yet has the grace time
-- to come: an open offer rings on meanwhile, for the page that signs in is between two connections; nobody has left.
local function meet_presence(turn, t, s)
  local here = R.is_here(turn, "user", t.user)
  if s and s.silent then
    s.silent.user, s.seen.user = {}, nil
    R.put(turn, "sessions", s.session, s)
    S.look(turn, s)
  end
  if here == t.connected then return end
  t.connected = here
  if s then return (here and S.back or S.lost)(turn, s, "user") end
  t.lost_at = turn.now
  T.grace(turn, t)
  if here then T.touch_lines(turn, t) end
end

local function rename(thing, a)
  thing.user, thing.name = a.user, a.name
  return thing
end

-- FUNCTION adopt
-- ARGS visitor user name
-- RETURNS ticket state
-- EMITS ticket offer session expert
-- REFUSES no_ticket already_in_line
-- The ticket keeps its id, ordinals, times and marks; its offer or session goes with it.
R.command("adopt", function(turn, a)
  local t = T.of_user(turn, a.visitor)
  if not t then return R.refuse("no_ticket") end
  local same = a.user == a.visitor -- a new account has the visitor's id: only the name is another
  if not same and T.of_user(turn, a.user) then return R.refuse("already_in_line") end
  if same and t.name == a.name then return { ticket = t.ticket, state = t.state } end
  R.put(turn, "users", a.visitor, nil)
  R.put(turn, "users", a.user, t.ticket)
  rename(t, a)
  if t.offer ~= "" then O.changed(turn, rename(R.get(turn, "offers", t.offer), a), "adopted", "") end
  local s = t.session ~= "" and rename(R.get(turn, "sessions", t.session), a) or nil
  if s then S.changed(turn, s, "adopted") end
  if not same then meet_presence(turn, t, s) end
  T.changed(turn, t, "adopted", "", "")
  return { ticket = t.ticket, state = t.state }
end)
