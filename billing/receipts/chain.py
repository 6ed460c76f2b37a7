"""How facts hang together: canonical JSON, and SHA-256 of the fact before in each. Pure.

Canonical JSON here is UTF-8 without spaces, members sorted by name (by code point), integers in decimal, no other
numbers, and strings escaped only where JSON needs it.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import structs

from billing.receipts.facts import AnyFact, Header


def canonical(value: object) -> bytes:
    """`value` as the bytes that are hashed."""
    return msgspec.json.encode(msgspec.to_builtins(value), order="sorted")


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def chained(header: Header, facts: Iterable[AnyFact]) -> list[AnyFact]:
    """The facts, each with the digest of the one before."""
    made: list[AnyFact] = []
    before = digest(header)
    for fact in facts:
        made.append(structs.replace(fact, prev=before))
        before = digest(made[-1])
    return made


def first_break(header: Header, facts: Sequence[AnyFact]) -> int:
    """The number of the first fact that does not hang on the one before; -1 when all do."""
    before = digest(header)
    for n, fact in enumerate(facts):
        if fact.prev != before:
            return n
        before = digest(fact)
    return -1


def signed(head: str) -> bytes:
    """What the signature of a receipt with this head is over."""
    return b"openline receipt 1 " + head.encode("ascii")
