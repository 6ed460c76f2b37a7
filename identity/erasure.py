"""Forgetting a person: what identity keeps goes at once; a row says what the other rooms have still to forget.

The row lasts until everything is done, whatever dies meanwhile, and then keeps nothing of whose it was.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx
from identity import sign_ins, store
from identity.outside import store as outside
from identity.tokens import Identity

Who = tuple[str, str, str]
"""Pool, role and subject."""
First = Callable[[Tx, list[Who]], Awaitable[None]]
"""What is done before all those are forgotten."""


class Erasure(Struct, kw_only=True, frozen=True):
    """Somebody who is being forgotten: an address ("": none) and all they are or were, visitors included."""

    erasure: str
    email: str
    members: list[Who]


class Erasures:
    """Begins, lists and closes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def members_of(self, who: Identity) -> list[Who]:
        """All that `who` is: the memberships of the account, and the visitors that its users were before."""
        async with self._db.read() as tx:
            return await _members(tx, who)

    async def begin(self, who: Identity, *, now: int, first: First | None = None) -> Erasure:
        """Forget the account of `who`, or the one member without an account; the address is free from now on.

        Answers with what is left to do; all sign-ins have ended. `first` is done before, in the same transaction: what
        it raises stops everything. Refused `no_account`.
        """
        async with self._db.begin() as tx:
            members = await _members(tx, who)
            if first:
                await first(tx, members)
            email = await _empty_account(tx, who.account, now)
            await _end_sign_ins(tx, who.account, members, now)
            await outside.forget_person(tx, who.account, email, members, new_id("erased"))
            made = Erasure(erasure=new_id("erasure"), email=email, members=members)
            row = {"erasure": made.erasure, "email": email, "members": members, "asked_at": now, "done_at": None}
            await outside.add_erasure(tx, row)
        return made

    async def open(self) -> list[Erasure]:
        """What is still to be done, the oldest first."""
        async with self._db.read() as tx:
            rows = await outside.open_erasures(tx)
        return [_made(row) for row in rows]


async def close(tx: Tx, erasure: Erasure, now: int) -> None:
    """Everything is forgotten, and so is whose it was."""
    await outside.close_erasure(tx, erasure.erasure, now)


async def _members(tx: Tx, who: Identity) -> list[Who]:
    found = await outside.memberships_of(tx, who.account) if who.account else [(who.pool, who.role, who.subject)]
    users = [(pool, subject) for pool, role, subject in found if role == "user"]
    before = [(pool, "user", visitor) for pool, user in users for visitor in await outside.visitors_of(tx, pool, user)]
    return [*found, *before]


async def _empty_account(tx: Tx, account: str, now: int) -> str:
    """The address that the account had."""
    if not account:
        return ""
    row = await store.account(tx, account)
    if row is None or row["erased_at"] is not None:
        raise Refusal("no_account")
    await store.set_account(tx, account, email=None, name="", password="", language="", erased_at=now)
    return str(row["email"] or "")


async def _end_sign_ins(tx: Tx, account: str, members: list[Who], now: int) -> None:
    if account:
        await sign_ins.end_account(tx, account, now, "erased")
    for member in members:
        await sign_ins.end_member(tx, *member, now, "erased")


def _made(row: dict[str, Any]) -> Erasure:
    return Erasure(erasure=row["erasure"], email=row["email"], members=[tuple(who) for who in row["members"]])
