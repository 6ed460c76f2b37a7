"""Who wants to be told, once, when an expert is free. A wish is gone when it came true, was taken back, or is old."""

from collections.abc import Collection
from typing import Final

from msgspec import Struct, to_builtins

from directory import store
from ground.errors import Refusal
from ground.sql import Database, Tx
from mail.address import same

OPEN_MAX: Final = 10
"""Of so many experts of a pool one address may wait to be told."""
KEPT_MS: Final = 7 * 86_400_000


class Wish(Struct, kw_only=True, frozen=True):
    """One address that wants to be told of one expert. `subject` is the user's id, "" for one who is not signed in."""

    pool: str
    expert: str
    address: str
    subject: str
    language: str


class Told(Struct, kw_only=True, frozen=True):
    """A wish that came true, with the names that go into its mail."""

    expert: str
    expert_name: str
    pool_name: str
    address: str
    language: str


async def put(tx: Tx, wish: Wish, now: int) -> bool:
    """Keep a wish for a week from `now`; False when it was there before. Raises Refusal (`too_many_wishes`)."""
    await store.forget_late_wishes(tx, now)
    address = same(wish.address)
    there = await store.wishes_of(tx, wish.pool, address, now)
    if wish.expert not in there and len(there) >= OPEN_MAX:
        raise Refusal("too_many_wishes", str(OPEN_MAX))
    await store.put_wish(tx, to_builtins(wish) | {"address": address, "expires_at": now + KEPT_MS})
    return wish.expert not in there


async def take_back(tx: Tx, pool: str, expert: str, *, subject: str, address: str) -> None:
    """Forget what the user `subject` wished of `expert`; without a subject, what somebody who was not signed in wished
    for `address`. Nothing happens where there was no such wish, so that nobody learns of those of others."""
    await store.delete_wish(tx, pool, expert, subject, same(address))


async def come_true(tx: Tx, pool: str, experts: Collection[str], now: int) -> list[Told]:
    """The wishes about `experts`, who are free: each is returned once, ever, if the transaction holds."""
    rows = [row for row in await store.take_wishes(tx, pool, sorted(experts)) if row["expires_at"] > now]
    return [await _told(tx, pool, row["expert"], row["address"], row["language"]) for row in rows]


async def wanted(db: Database, pool: str, expert: str, subject: str, now: int) -> bool:
    """Whether the user `subject` waits to be told of `expert`."""
    async with db.read() as tx:
        return await store.has_wish(tx, pool, expert, subject, now)


async def forget(tx: Tx, pool: str, address: str) -> None:
    """Forget all that `address` (a normal one) wished, in all pools for "": its owner wants to be forgotten."""
    await store.forget_wishes(tx, pool, same(address))


async def forget_user(tx: Tx, pool: str, subject: str) -> None:
    """Forget all that a user wished, for whatever address."""
    if subject:
        await store.forget_wishes_of(tx, pool, subject)


async def export(db: Database, address: str) -> list[dict[str, str | int]]:
    """All that `address` (a normal one) wishes: `pool`, `expert`, and until when it is kept (ms)."""
    async with db.read() as tx:
        rows = await store.wishes_for(tx, same(address))
    return [{name: row[name] for name in ("pool", "expert", "expires_at")} for row in rows]


async def _told(tx: Tx, pool: str, expert: str, address: str, language: str) -> Told:
    known, place = await store.find_expert(tx, pool, expert), await store.find_pool(tx, pool)
    return Told(
        expert=expert, expert_name=known["name"] if known else expert, pool_name=place["name"] if place else pool,
        address=address, language=language,
    )  # fmt: skip
