"""Passwords: which ones are taken, and their argon2id hashes, made beside the loop."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ground.errors import Refusal

T = TypeVar("T")

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 256
# OWASP's choice for argon2id: 30 ms of a core and 19 MiB here, so that a flood of guesses does not empty the memory.
TIME_COST: Final = 2
MEMORY_KIB: Final = 19_456
PARALLELISM: Final = 1
AT_ONCE: Final = 2
WAITING_MAX: Final = 32
_VARIETY_MIN: Final = 5
_HASHER: Final = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)
_RUNS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_COMMON: Final = ("password", "passwort", "contraseña", "iloveyou", "letmein", "welcome", "qwerty", "openline")


def check(password: str, email: str = "", name: str = "") -> None:
    """Raises Refusal (`password_short`, `password_long`, `password_guessable`): the length says most, and what is
    tried first by everybody is none."""
    if len(password) < LENGTH_MIN:
        raise Refusal("password_short", str(LENGTH_MIN))
    if len(password) > LENGTH_MAX:
        raise Refusal("password_long", str(LENGTH_MAX))
    said = _plain(password)
    own = {_plain(word) for word in (email, email.partition("@")[0], name)}
    if said in own or len(set(said)) < _VARIETY_MIN or _is_common(said):
        raise Refusal("password_guessable")


def _is_common(said: str) -> bool:
    if any(said in run or said in run[::-1] for run in _RUNS):
        return True
    rest = said.strip("0123456789!.?-_*# ")
    return rest in _COMMON or any(rest == word * 2 for word in _COMMON)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


class Passwords:
    """Hashes and compares, `AT_ONCE` at a time. Refused `rate_limited` when too many wait already."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is stored of `password`."""
        return await self._beside(_hash, password)

    async def matches(self, stored: str, password: str) -> bool:
        """Whether `stored` is of `password`. With "" (no account, or none with a password) it is not, and it takes as
        long to say so."""
        return await self._beside(_matches, stored, password)

    async def _beside(self, work: Callable[..., T], *given: str) -> T:
        if self._waiting >= WAITING_MAX:
            raise Refusal("rate_limited")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _hash(password: str) -> str:
    return _HASHER.hash(_bytes(password))


def _matches(stored: str, password: str) -> bool:
    nobodys = _nobodys()
    try:
        return _HASHER.verify(stored or nobodys, _bytes(password)) and stored != ""
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_bytes(32))


def _bytes(password: str) -> bytes:
    # The same password typed on two keyboards may come as different code points.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
