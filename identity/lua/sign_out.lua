-- include: ground/turn

-- FUNCTION sign_out
-- ARGS role member reason
-- Tells every server process that a member's sign-in has ended, so that open sockets end too. Nothing is stored.
R.command("sign_out", function(turn, a)
  R.whisper(turn, { k = "signed_out", role = a.role, member = a.member, reason = a.reason })
end)
