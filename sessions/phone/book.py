"""The telephone book: who can be reached at which number, and which of them are confirmed.

A number belongs to a member of a pool (side and id). Only its owner is ever told; sessions ring it.
"""

from collections.abc import Collection
from typing import Any, Final, Literal

from msgspec import Struct

from ground.errors import Refusal
from ground.sql import Database, Tx
from queueing.facts import Side
from sessions.phone import codes, store
from sessions.phone.caps import Limits, digest_of
from sessions.phone.numbers import Number, parse

AnswersOn = Literal["browser", "phone"]
Way = Literal["keys", "page"]
"""How a code comes back: pressed on the telephone's keys, where the page shows it; or typed on the page, where the
telephone was told it by a voice or a text. One that comes the other way is worth nothing."""
SHARED_MAX: Final = 5
SHARED_MS: Final = 30 * 86_400_000
"""So many members may have confirmed one number in this time: a family does. Whoever makes a new visitor of themselves
for every free call has one telephone for all of them."""


class Entry(Struct, frozen=True, kw_only=True):
    """What is known of a member's telephone; times in ms, 0 where it never happened. `number` may be ""."""

    number: str = ""
    region: str = ""
    language: str = ""
    verified_at: int = 0
    answers_on: AnswersOn = "browser"
    missed_at: int = 0


class Book:
    """The books of numbers. `key` is a secret of the server, the same in all its processes."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._key = key

    async def of(self, pool: str, side: Side, member: str) -> Entry:
        """A member's entry; an empty one for who has none."""
        async with self._db.read() as tx:
            return await entry_of(tx, pool, side, member)

    def limits(self, each: int, pool: int) -> Limits:
        """What may be called in 24 hours, for `sessions.phone.caps`."""
        return Limits(each, pool, self._key)

    async def set_number(
        self, pool: str, side: Side, member: str, number: Number, now: int, language: str = ""
    ) -> None:  # fmt: skip
        """This is the member's number from now on, and confirmed only if it is the one that was. `language` (BCP 47) is
        the one to speak in there; "" leaves it as it is."""
        async with self._db.begin() as tx:
            before = await entry_of(tx, pool, side, member)
            same = before.number == number.e164
            if not same:
                await store.delete_code(tx, pool, side, member)
            row = {
                "pool": pool, "side": side, "member": member, "number": number.e164, "region": number.region,
                "language": language or before.language, "verified_at": before.verified_at if same else 0,
                "answers_on": before.answers_on, "missed_at": 0, "changed_at": now,
            }  # fmt: skip
            await store.put_number(tx, row)

    async def forget(self, pool: str, side: Side, member: str) -> None:
        """There is no number of this member any more, and no way to answer on it."""
        async with self._db.begin() as tx:
            await store.delete_number(tx, pool, side, member)

    async def answer_on(self, pool: str, expert: str, where: AnswersOn, now: int) -> None:
        """Where an expert takes sessions by telephone. Refused `no_number`, `number_unverified` for the telephone."""
        async with self._db.begin() as tx:
            entry = await entry_of(tx, pool, "expert", expert)
            if where == "phone" and not entry.verified_at:
                raise Refusal("number_unverified" if entry.number else "no_number")
            await store.change_number(tx, pool, "expert", expert, answers_on=where, changed_at=now)

    async def new_code(self, tx: Tx, pool: str, side: Side, member: str, way: Way, op: str, now: int) -> str:
        """A code for the member's number, to come back in that `way`; an earlier one is worth nothing any more.

        To be called once for each `op`: it gives five new tries. Refused `no_number`.
        """
        code = await self.code(tx, pool, side, member, way, op)
        number = (await entry_of(tx, pool, side, member)).number
        row = {
            "pool": pool, "side": side, "member": member, "number": number, "tries": 0,
            "digest": codes.digest_of(self._key, code, pool, side, member, number, way),
            "expires_at": now + codes.LIFE_MS,
        }  # fmt: skip
        await store.put_code(tx, row)
        return code

    async def code(self, tx: Tx, pool: str, side: Side, member: str, way: Way, op: str) -> str:
        """The code that the request `op` got. Refused `no_number`."""
        number = (await entry_of(tx, pool, side, member)).number
        if not number:
            raise Refusal("no_number")
        return codes.code_of(self._key, op, pool, side, member, number, way)

    async def confirm(
        self, pool: str, side: Side, member: str, way: Way, code: str, now: int, *, called: str = ""
    ) -> None:
        """The member's telephone has shown that it knows the code, and with that the number is confirmed.

        What the page shows for the keys of the telephone is worth nothing when it comes from the page: hence `way`.
        Nor is it when the keys come from another telephone: `called` is the one on which they were pressed.
        Refused `bad_code` (which takes one of five tries), `code_expired`, `number_taken`.
        """
        async with self._db.begin() as tx:  # a refusal within would give the try back
            if called and called != (await entry_of(tx, pool, side, member)).number:
                raise Refusal("code_expired")
            refused = await self._confirm(tx, pool, side, member, way, code, now)
        if refused:
            raise Refusal(refused)

    async def _confirm(self, tx: Tx, pool: str, side: Side, member: str, way: Way, code: str, now: int) -> str:
        row = await store.take_try(tx, pool, side, member, codes.TRIES, now)
        if row is None or row["number"] != (await entry_of(tx, pool, side, member)).number:
            return "code_expired"
        if not codes.is_right(self._key, code, row["digest"], pool, side, member, row["number"], way):
            return "bad_code"
        await store.delete_code(tx, pool, side, member)
        number, digest = row["number"], digest_of(self._key, pool, row["number"])
        if await store.confirmed_by_others(tx, pool, side, member, number, digest, now - SHARED_MS) >= SHARED_MAX:
            return "number_taken"
        await store.note_confirmed(tx, pool, side, member, digest)
        await store.change_number(tx, pool, side, member, verified_at=now, changed_at=now)
        return ""


async def speaks(tx: Tx, pool: str, side: Side, member: str, language: str) -> None:
    """The language to speak in with the member; "" leaves it as it is."""
    if language:
        await store.change_number(tx, pool, side, member, language=language)


async def entry_of(tx: Tx, pool: str, side: Side, member: str) -> Entry:
    """As `Book.of`, in a transaction."""
    row = await store.number_of(tx, pool, side, member)
    return Entry(**{name: row[name] for name in Entry.__struct_fields__}) if row else Entry()


def callable_number(entry: Entry, regions: Collection[str], *, verified: bool) -> str:
    """The number that may be called by a pool which calls `regions`, and with `verified` confirmed ones alone.

    It is looked at anew each time: the pool's countries change, and number plans do.
    Refused `no_phone`, `no_number`, `number_unverified`, `region_not_called`, `number_refused`, `bad_number`.
    """
    if not regions:
        raise Refusal("no_phone")
    if not entry.number:
        raise Refusal("no_number")
    number = parse(entry.number, "", regions).e164
    if verified and not entry.verified_at:
        raise Refusal("number_unverified")
    return number


async def back(db: Database, pool: str, user: str) -> None:
    """The user has come into a line again, and knows what became of the last one."""
    async with db.begin() as tx:
        await store.change_number(tx, pool, "user", user, missed_at=0)


async def missed(tx: Tx, pool: str, user: str, at: int) -> None:
    """A place of this user was given up, because nobody picked up at the turn; the page says so when they come back."""
    await store.change_number(tx, pool, "user", user, missed_at=at)


async def forget_member(tx: Tx, pool: str, side: Side, member: str, pseudonym: str) -> None:
    """Forget a person. That there were calls stays under the pseudonym, and counts for what may be called today."""
    await store.forget_member(tx, pool, side, member, pseudonym)


async def adopt(tx: Tx, pool: str, visitor: str, user: str) -> None:
    """A visitor has become `user`: the number goes with them, unless the user has one."""
    await store.adopt(tx, pool, visitor, user)


async def export(tx: Tx, pool: str, side: Side, member: str) -> dict[str, Any]:
    """What is kept of a member's telephone, as plain data; times in ms."""
    entry, calls = await entry_of(tx, pool, side, member), await store.calls_of(tx, pool, side, member)
    told = ("number", "purpose", "subject", "at", "ended_at", "outcome")
    return {
        "phones": [{name: getattr(entry, name) for name in Entry.__struct_fields__}] if entry.number else [],
        "phone_calls": [{name: row[name] for name in told} for row in calls],
    }
