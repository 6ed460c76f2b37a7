"""Codes that confirm a number: six digits, good for ten minutes and five tries. Pure.

A code is made of a secret of the server, of all that it is for, and of the request's own operation id: a repeat of the
request gets the same code, and nobody can foresee another. What is kept is a keyed digest, so that whoever reads the
books finds no code in them; it confirms nobody else's number, nor another number of the same person.
"""

import hashlib
import hmac
from typing import Final

DIGITS: Final = 6
LIFE_MS: Final = 600_000
TRIES: Final = 5


def code_of(key: bytes, op: str, *what_for: str) -> str:
    """The code of the request `op` for `what_for`: pool, side, member, number, and the way it comes back."""
    return f"{int(_keyed(key, 'code', op, *what_for), 16) % 10**DIGITS:0{DIGITS}d}"


def digest_of(key: bytes, code: str, *what_for: str) -> str:
    """What is kept of `code`."""
    return _keyed(key, "digest", code, *what_for)


def is_right(key: bytes, code: str, digest: str, *what_for: str) -> bool:
    """Whether this is the code of `digest`; takes as long whichever it is."""
    return hmac.compare_digest(digest_of(key, code, *what_for), digest)


def _keyed(key: bytes, *parts: str) -> str:
    told = "\x00".join(("openline phone", *parts)).encode("utf-8", "surrogatepass")
    return hmac.new(key, told, hashlib.sha256).hexdigest()
