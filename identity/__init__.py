"""Who may: accounts and their memberships, sign-ins, one-use links, passwords, tokens, roles, and the audit.

Its doors are `accounts` (sign up, links, invitations), `arrivals` (whatever ends in a sign-in), `sign_ins` (what a
cookie is worth), `members` (what operators do about people), and `tokens`.
"""
