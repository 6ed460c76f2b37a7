"""The tables of the telephone, numbers, codes and calls, and the statements on them."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from ground.sql import Tx, metadata, put, put_once

CONFIRMED: Final = "confirmed"
"""The outcome of a call or a text by which a number was confirmed."""

numbers = sa.Table(
    "phone_numbers",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("member", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),  # E.164, "" where there is none
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),  # BCP 47, in which the member is spoken to; "" where unknown
    sa.Column("verified_at", sa.BigInteger, nullable=False),  # 0: not confirmed
    sa.Column("answers_on", sa.Text, nullable=False),
    sa.Column("missed_at", sa.BigInteger, nullable=False),  # a place was given up: nobody picked up at the turn
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)
sa.Index(None, numbers.c.pool, numbers.c.number)

codes = sa.Table(
    "phone_codes",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("member", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("tries", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

calls = sa.Table(
    "phone_calls",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("member", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),  # "" once its owner is forgotten
    sa.Column("digest", sa.Text, nullable=False),  # of the number, to count by
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),  # a digest of the address that asked for a code
    sa.Column("purpose", sa.Text, nullable=False),  # code, text, turn or session
    sa.Column("subject", sa.Text, nullable=False),  # the offer or session; of a call with a code how it tells it
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
)
sa.Index(None, calls.c.pool, calls.c.at)
sa.Index(None, calls.c.pool, calls.c.side, calls.c.member)


def _of(table: sa.Table, pool: str, side: str, member: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.pool == pool, table.c.side == side, table.c.member == member)


# ---------------------------------------------------------------- numbers


async def number_of(tx: Tx, pool: str, side: str, member: str) -> sa.RowMapping | None:
    return (await tx.execute(sa.select(numbers).where(_of(numbers, pool, side, member)))).mappings().one_or_none()


async def put_number(tx: Tx, row: Mapping[str, Any]) -> None:
    await put(tx, numbers, [row])


async def change_number(tx: Tx, pool: str, side: str, member: str, **values: Any) -> bool:
    """False when there is none."""
    done = await tx.execute(sa.update(numbers).where(_of(numbers, pool, side, member)).values(**values))
    return bool(done.rowcount)


async def delete_number(tx: Tx, pool: str, side: str, member: str) -> None:
    for table in (numbers, codes):
        await tx.execute(sa.delete(table).where(_of(table, pool, side, member)))


async def confirmed_by_others(
    tx: Tx, pool: str, side: str, member: str, number: str, digest: str, since: int
) -> int:  # fmt: skip
    """How many other members have confirmed `number` since then, those included who have let go of it again."""
    has = sa.and_(numbers.c.pool == pool, numbers.c.number == number, numbers.c.verified_at > since)
    had = sa.and_(calls.c.pool == pool, calls.c.digest == digest, calls.c.outcome == CONFIRMED, calls.c.at > since)
    they = sa.union(
        sa.select(numbers.c.side, numbers.c.member).where(has, ~_of(numbers, pool, side, member)),
        sa.select(calls.c.side, calls.c.member).where(had, ~_of(calls, pool, side, member)),
    ).subquery()
    return await tx.scalar(sa.select(sa.func.count()).select_from(they)) or 0


async def note_confirmed(tx: Tx, pool: str, side: str, member: str, digest: str) -> None:
    """The last call or text with a code that went to a member's number has led to its confirmation."""
    codes_of = sa.and_(_of(calls, pool, side, member), calls.c.digest == digest, calls.c.purpose.in_(("code", "text")))
    last = sa.select(calls.c.call).where(codes_of).order_by(calls.c.at.desc()).limit(1).scalar_subquery()
    await tx.execute(sa.update(calls).where(calls.c.call == last).values(outcome=CONFIRMED))


# ---------------------------------------------------------------- codes


async def put_code(tx: Tx, row: Mapping[str, Any]) -> None:
    """The member's code; one that was there before is worth nothing any more."""
    await tx.execute(sa.delete(codes).where(codes.c.expires_at <= row["expires_at"] - 86_400_000))
    await put(tx, codes, [row])


async def take_try(tx: Tx, pool: str, side: str, member: str, most: int, now: int) -> sa.RowMapping | None:
    """The member's code with one try more; None when there is none, or no try is left."""
    open_ = sa.and_(_of(codes, pool, side, member), codes.c.tries < most, codes.c.expires_at > now)
    counted = sa.update(codes).where(open_).values(tries=codes.c.tries + 1).returning(codes)
    found: sa.RowMapping | None = (await tx.execute(counted)).mappings().one_or_none()
    return found


async def delete_code(tx: Tx, pool: str, side: str, member: str) -> None:
    await tx.execute(sa.delete(codes).where(_of(codes, pool, side, member)))


# ---------------------------------------------------------------- calls


async def lock(tx: Tx, pool: str) -> None:
    """Whoever counts calls of a pool counts alone until the end of the transaction. (SQLite has one writer anyway.)"""
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.text("SELECT pg_advisory_xact_lock(7316, hashtext(:pool))"), {"pool": pool})


async def add_call(tx: Tx, row: Mapping[str, Any]) -> None:
    await put_once(tx, calls, [row])


async def find_call(tx: Tx, call: str) -> sa.RowMapping | None:
    return (await tx.execute(sa.select(calls).where(calls.c.call == call))).mappings().one_or_none()


async def change_call(tx: Tx, call: str, **values: Any) -> None:
    await tx.execute(sa.update(calls).where(calls.c.call == call).values(**values))


async def end_call(tx: Tx, call: str, outcome: str, at: int) -> None:
    """How a call ended; that a number was confirmed by it stays, for that is counted."""
    kept = sa.case((calls.c.outcome == CONFIRMED, CONFIRMED), else_=outcome)
    await change_call(tx, call, outcome=kept, ended_at=at)


async def count_calls(tx: Tx, pool: str, since: int, **matching: Any) -> int:
    """How many calls of the pool were made after `since` in which these columns have these values (a tuple: one of)."""
    where = [calls.c[name].in_(value) if isinstance(value, tuple) else calls.c[name] == value
             for name, value in matching.items()]  # fmt: skip
    query = sa.select(sa.func.count()).select_from(calls).where(calls.c.pool == pool, calls.c.at > since, *where)
    return await tx.scalar(query) or 0


async def last_call(tx: Tx, pool: str, side: str, member: str, purpose: str) -> sa.RowMapping | None:
    """The latest call to a member for that purpose."""
    query = sa.select(calls).where(_of(calls, pool, side, member), calls.c.purpose == purpose)
    return (await tx.execute(query.order_by(calls.c.at.desc()).limit(1))).mappings().one_or_none()


async def calls_of(tx: Tx, pool: str, side: str, member: str) -> list[sa.RowMapping]:
    """Every call to a member that is still known, the oldest first."""
    return list(
        (await tx.execute(sa.select(calls).where(_of(calls, pool, side, member)).order_by(calls.c.at))).mappings()
    )


async def forget_old_calls(tx: Tx, pool: str, before: int) -> None:
    await tx.execute(sa.delete(calls).where(calls.c.pool == pool, calls.c.at < before))


# ---------------------------------------------------------------- a person


async def forget_member(tx: Tx, pool: str, side: str, member: str, pseudonym: str) -> None:
    """The number goes; that there were calls stays, without it and under a pseudonym, and still counts."""
    await delete_number(tx, pool, side, member)
    await tx.execute(sa.update(calls).where(_of(calls, pool, side, member)).values(member=pseudonym, number=""))


async def adopt(tx: Tx, pool: str, visitor: str, user: str) -> None:
    """What a visitor left is the user's, unless the user has a number of their own."""
    if await number_of(tx, pool, "user", user) is None:
        await tx.execute(sa.update(numbers).where(_of(numbers, pool, "user", visitor)).values(member=user))
    await delete_number(tx, pool, "user", visitor)
    await tx.execute(sa.update(calls).where(_of(calls, pool, "user", visitor)).values(member=user))
