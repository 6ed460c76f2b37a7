-- include: ground/turn

-- FUNCTION sign_out
-- ARGS role member reason sign_in
-- Tells every server process that a sign-in of a member, or all ("" for sign_in), has ended, so that open sockets end
-- too. Nothing is stored.
R.command("sign_out", function(turn, a)
  R.whisper(turn, { k = "signed_out", role = a.role, member = a.member, reason = a.reason, sign_in = a.sign_in })
end)
