"""Identifiers made outside the store. (Tickets, offers and sessions are numbered by the store itself.)"""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(kind: str, length: int = 16) -> str:
    """A fresh random identifier `<kind>-<length characters>`, 5 bits each from the system's generator."""
    return f"{kind}-" + "".join(secrets.choice(_ALPHABET) for _ in range(length))
