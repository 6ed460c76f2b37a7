"""Who may: signed short-lived tokens, one-use sign-in links, and roles.

Its door is `identity.tokens`.
"""
