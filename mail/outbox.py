"""The door of mail: a transactional outbox.

A letter is `waiting` until a process takes a lease on it. Up to the moment in which the text goes out it may be given
back or lost by a crash and is sent later; that moment is written down first (`handing_over`). Then it is `sent`, or the
mail server said no (`waiting` again for a passing reason, `refused` for a lasting one), or nobody knows: a crash or a
cut line after that moment makes it `uncertain`, and it never goes again by itself. `expired` and `given_up` say that
its time was over first.
"""

import hashlib
from typing import Any, Final, Literal

from msgspec import Struct

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx
from mail import store
from mail.address import normal, same
from mail.letter import Letter

State = Literal["waiting", "handing_over", "sent", "refused", "uncertain", "given_up", "expired"]

WAITING_MAX: Final = 10_000
"""The most letters of one pool that may wait. Half of them for letters that are not secret, so that messages can't
keep anybody from signing in."""
LEASE_MS: Final = 120_000
HANDING_MS: Final = 240_000
"""How long a process may hold a letter before, and after, its text goes out. Senders give up sooner."""
FIRST_PAUSE_MS: Final = 30_000
LONGEST_PAUSE_MS: Final = 15 * 60_000
GIVE_UP_MS: Final = 3 * 86_400_000
KEEP_MS: Final = 30 * 86_400_000
"""How long a letter that came to its end is kept."""
DAY_MS: Final = 86_400_000
ERROR_MAX: Final = 300
_AGAIN: Final = ("refused", "uncertain", "given_up", "waiting")


class Kept(Struct, kw_only=True, frozen=True):
    """A letter of the outbox as operators see it. Times in ms; `error` is what the mail server said last."""

    mail: str
    kind: str
    to: str
    subject: str
    text: str
    state: State
    attempts: int
    error: str
    at: int
    secret: bool


class Claimed(Struct, kw_only=True, frozen=True):
    """A letter that `claim` has leased. `mail` is its id, `at` when it was written (ms)."""

    mail: str
    claim: str
    kind: str
    at: int
    give_up_at: int
    attempts: int
    secret: bool
    to: str
    subject: str
    text: str
    reply_to: str
    reply_name: str


async def put(tx: Tx, letter: Letter, now: int) -> None:
    """Write `letter` into the outbox, in the transaction of what it is about. Raises Refusal (`bad_email`, and
    `too_many_messages` when as many wait as may), and then nothing is written."""
    to, reply_to = normal(letter.to), normal(letter.reply_to) if letter.reply_to else ""
    most = WAITING_MAX if letter.secret else WAITING_MAX // 2
    if await store.waiting(tx, letter.pool, most) >= most:
        raise Refusal("too_many_messages")
    row = {
        "mail": _id(letter.pool, letter.key), "pool": letter.pool, "kind": letter.kind, "recipient": to,
        "subject": letter.subject, "text": letter.text, "reply_to": reply_to, "reply_name": letter.reply_name,
        "secret": letter.secret, "expires_at": letter.expires_at, "attempts": 0, "error": "", "claim": "",
        "created_at": now, **_waiting(now),
    }  # fmt: skip
    await store.add(tx, row)


async def known(tx: Tx, pool: str, key: str) -> bool:
    """Whether the letter `key` was put into `pool` before."""
    return await store.find(tx, _id(pool, key)) is not None


async def count(tx: Tx, name: str, most: int, now: int) -> None:
    """Count one more for `name` (whatever is limited: an address, a network) on this day of UTC.

    Raises Refusal (`too_many_messages`) past `most`; the caller's transaction then undoes the counting.
    """
    # Only a digest is kept: whoever is to be forgotten does not stand here.
    if await store.count_one(tx, hashlib.sha256(name.encode()).hexdigest(), now // DAY_MS) > most:
        raise Refusal("too_many_messages")


async def forget(tx: Tx, pool: str, address: str) -> bool:
    """Delete the letters of `pool` ("": of all) to `address` and those whose answers go there: its owner wants to be
    forgotten. False while one is just being handed over: ask again."""
    return await store.forget_address(tx, pool, same(normal(address)))


async def export(db: Database, address: str) -> list[dict[str, Any]]:
    """The letters to `address` and those whose answers go there. Times in ms; a secret one's text is not told."""
    async with db.read() as tx:
        rows = await store.of_address(tx, same(normal(address)))
    named = ("pool", "kind", "recipient", "reply_to", "subject", "text", "state", "created_at")
    return [{name: "" if name == "text" and row["secret"] else row[name] for name in named} for row in rows]


class Outbox:
    """What senders and operators do with letters."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, now: int, most: int) -> list[Claimed]:
        """Lease up to `most` letters that are due: secret ones before others, then those longest due."""
        async with self._db.read() as tx:
            if not await store.is_due(tx, now):
                return []
        async with self._db.begin() as tx:
            await _end_lost(tx, now)
            rows = await store.claim(tx, new_id("claim"), now, now + LEASE_MS, most)
        return [_claimed(row) for row in sorted(rows, key=lambda row: (not row["secret"], row["due_at"], row["mail"]))]

    async def hand_over(self, letter: Claimed, now: int) -> bool:
        """Write down that the text goes out now. False: the lease was lost, and it must not go."""
        changed = {"state": "handing_over", "changed_at": now, "lease_until": now + HANDING_MS}
        return await self._move(letter, "waiting", changed)

    async def sent(self, letter: Claimed, now: int) -> None:
        """The mail server has taken it."""
        await self._move(letter, "handing_over", _ended("sent", now) | ({"text": ""} if letter.secret else {}))

    async def uncertain(self, letter: Claimed, now: int, why: str) -> None:
        """The line was cut after the text went out: it may have arrived."""
        await self._move(letter, "handing_over", _ended("uncertain", now, why))

    async def refused(self, letter: Claimed, now: int, why: str, *, handed: bool) -> None:
        """The mail server will not take it, whenever we come. `handed`: it said so after the text went out."""
        await self._move(letter, "handing_over" if handed else "waiting", _ended("refused", now, why))

    async def postpone(self, letter: Claimed, now: int, why: str, *, handed: bool) -> None:
        """It did not go for a reason that may pass: try again after a pause, or give up."""
        if now >= letter.give_up_at:
            changed = _ended("given_up", now, why) | ({"text": ""} if letter.secret else {})
        else:
            changed = {"state": "waiting", "changed_at": now, "lease_until": 0, "error": why[:ERROR_MAX]}
            changed["due_at"] = now + pause(letter.attempts)
        await self._move(letter, "handing_over" if handed else "waiting", changed)

    async def tidy(self, now: int) -> None:
        """Let go of what need not be kept any longer. To be called now and then, also where nothing is sent."""
        async with self._db.begin() as tx:
            await _end_lost(tx, now)
            await store.erase_secrets(tx, now)
            await store.forget_old(tx, now - KEEP_MS, now // DAY_MS - 1)

    async def page(self, pool: str, before: int = 0, limit: int = 50) -> tuple[list[Kept], bool]:
        """The newest letters of `pool` written before the time `before` (ms; 0: all), and whether there are more."""
        async with self._db.read() as tx:
            rows = await store.newest(tx, pool, before, limit + 1)
        return [_kept(row) for row in rows[:limit]], len(rows) > limit

    async def again(self, tx: Tx, pool: str, mail: str, now: int) -> None:
        """An operator wants it sent (once more), now. Raises Refusal (`not_found`): there is none such, it is sent or
        on its way, or its text is erased."""
        # No lease of an earlier try is taken away: a letter in somebody's hands stays there.
        fresh = {name: value for name, value in _waiting(now).items() if name != "lease_until"}
        if not await store.send_again(tx, pool, mail, _AGAIN, fresh):
            raise Refusal("not_found")

    async def _move(self, letter: Claimed, was: State, changed: dict[str, Any]) -> bool:
        async with self._db.begin() as tx:
            return await store.move(tx, letter.mail, letter.claim, was, changed)


async def _end_lost(tx: Tx, now: int) -> None:
    await store.lapse(tx, now, _ended("uncertain", now, "the sender vanished while handing it over"))
    await store.expire(tx, now, _ended("expired", now))


def pause(attempts: int) -> int:
    """How long to wait (ms) after so many tries."""
    doublings: int = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE_MS << doublings, LONGEST_PAUSE_MS)


def _id(pool: str, key: str) -> str:
    """A letter with a key has an id made of it, so that it is the same row; it says nothing to whoever reads it."""
    return f"mail-{hashlib.sha256(f'{pool}/{key}'.encode()).hexdigest()[:32]}" if key else new_id("mail")


def _waiting(now: int) -> dict[str, Any]:
    return {
        "state": "waiting", "changed_at": now, "due_at": now, "give_up_at": now + GIVE_UP_MS, "lease_until": 0,
    }  # fmt: skip


def _ended(state: State, now: int, why: str = "") -> dict[str, Any]:
    return {"state": state, "changed_at": now, "lease_until": 0, "error": why[:ERROR_MAX]}


def _claimed(row: dict[str, Any]) -> Claimed:
    named = {name: row[name] for name in Claimed.__struct_fields__ if name not in ("to", "at")}
    return Claimed(to=row["recipient"], at=row["created_at"], **named)


def _kept(row: Any) -> Kept:
    named = {name: row[name] for name in Kept.__struct_fields__ if name not in ("to", "at")}
    return Kept(to=row["recipient"], at=row["created_at"], **named)
