"""What operators do about people: look at them, let nobody in under a name (block), and let them in again."""

from typing import Any, Final

from msgspec import Struct

from ground.errors import Refusal
from ground.sql import Database, Tx
from identity import audit, sign_ins, store
from identity.tokens import Identity, Member

PAGE: Final = 50


class Person(Struct, kw_only=True, frozen=True):
    """A member as operators see them. `joined_at` in ms; `email` is "" for one without an account here."""

    role: str
    subject: str
    name: str
    email: str
    blocked: bool
    blocked_reason: str
    joined_at: int


class Reach(Struct, kw_only=True, frozen=True):
    """Where mail reaches a member, and in which language (a tag, "": not known)."""

    email: str
    language: str


async def reach(tx: Tx, pool: str, role: Member, subject: str) -> Reach | None:
    """Where mail reaches a member; None for one without an account here or without an address."""
    member = await store.membership(tx, pool, role, subject)
    row = await store.account(tx, member["account"]) if member else None
    if row is None or not row["email"]:
        return None
    return Reach(email=row["email"], language=row["language"] or "")


async def is_member(tx: Tx, pool: str, role: Member, subject: str) -> bool:
    """Whether somebody with an account here is `subject` in `pool`."""
    return await store.membership(tx, pool, role, subject) is not None


class Members:
    """The members of pools."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, pool: str, role: Member, before: int = 0, limit: int = PAGE) -> tuple[list[Person], bool]:
        """Who joined before the time `before` (ms; 0: until now), newest first, and whether there are more. The first
        page begins with those who are blocked and have no account."""
        async with self._db.read() as tx:
            rows = await store.members(tx, pool, role, before, limit)
            strangers = [] if before else await store.blocked_strangers(tx, pool, role)
            oldest = rows[-1]["joined_at"] if rows else 0
            more = bool(oldest) and bool(await store.members(tx, pool, role, oldest, 1))
        return [*(_stranger(row) for row in strangers), *(_person(row) for row in rows)], more

    async def block(self, pool: str, role: Member, subject: str, reason: str, *, by: Identity, now: int) -> None:
        """Let nobody in as this member any more, with all their sign-ins ended; noted in the audit. Sockets are closed
        by whoever tells the processes afterwards. Refused `not_allowed`: oneself."""
        if (by.role, by.subject) == (role, subject):
            raise Refusal("not_allowed", "oneself")
        key = {"pool": pool, "role": role, "subject": subject}
        async with self._db.begin() as tx:
            await store.block(tx, key | {"at": now, "by": by.subject, "reason": reason})
            await sign_ins.end_member(tx, pool, role, subject, now, "blocked")
            done = audit.Action(actor=by.subject, action="block", object=f"{role}:{subject}", reason=reason)
            await audit.note(tx, pool, now, done)

    async def unblock(self, pool: str, role: Member, subject: str, reason: str, *, by: Identity, now: int) -> None:
        """Let them in again; they sign in anew. Noted in the audit."""
        async with self._db.begin() as tx:
            await store.unblock(tx, pool, role, subject)
            done = audit.Action(actor=by.subject, action="unblock", object=f"{role}:{subject}", reason=reason)
            await audit.note(tx, pool, now, done)


def _person(row: dict[str, Any]) -> Person:
    named = {name: row[name] for name in ("role", "subject", "name", "joined_at")}
    blocked, reason = row["blocked_at"] is not None, row["reason"] or ""
    return Person(**named, email=row["email"] or "", blocked=blocked, blocked_reason=reason)


def _stranger(row: dict[str, Any]) -> Person:
    named = {"role": row["role"], "subject": row["subject"], "name": row["subject"], "email": ""}
    return Person(**named, blocked=True, blocked_reason=row["reason"], joined_at=row["at"])
