-- include: ground/turn

-- FUNCTION profile_changed
-- ARGS expert
-- Tells every server process to read an expert's profile again. Nothing is stored.
R.command("profile_changed", function(turn, a)
  R.whisper(turn, { k = "profile_changed", expert = a.expert })
end)
