-- include: ground/turn

-- FUNCTION money_changed
-- ARGS user session
-- Tells every server process that a user's money is not what it was; `session` has been settled ("": none). Nothing is
-- stored.
R.command("money_changed", function(turn, a)
  R.whisper(turn, { k = "money", user = a.user, session = a.session })
end)
