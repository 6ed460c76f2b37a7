"""Codes that confirm a number: six digits, good for ten minutes and five tries. Pure, but for the dice.

What is kept is a keyed digest of the code with all that it is for: whoever reads the books can't find the code in it,
and it confirms nobody else's number, nor another number of the same person.
"""

import hashlib
import hmac
import secrets
from typing import Final

DIGITS: Final = 6
LIFE_MS: Final = 600_000
TRIES: Final = 5


def new_code() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def digest_of(key: bytes, code: str, *what_for: str) -> str:
    """The digest of `code` for `what_for` (pool, side, member, number), with a secret `key` of the server."""
    told = "\x00".join(("openline phone code", code, *what_for)).encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def is_right(key: bytes, code: str, digest: str, *what_for: str) -> bool:
    """Whether this is the code of `digest`; takes as long whichever it is."""
    return hmac.compare_digest(digest_of(key, code, *what_for), digest)
