"""People whose accounts are kept elsewhere, and what leaves with a person.

Its doors are `identity.host_tokens`, `identity.oidc`, `identity.outside.logins` and `identity.erasure`.
"""
