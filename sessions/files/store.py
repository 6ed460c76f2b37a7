"""The table of files. What lies on the disk has a row from before its first byte until after its last."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once

State = Literal["pending", "sending", "kept", "shared", "erasing"]
"""A place is asked for; bytes come; they are good; they are said; they are to go."""
UNSAID: Final[tuple[State, ...]] = ("pending", "sending", "kept")
ERASED: Final[dict[str, Any]] = {"state": "erasing", "slot": None, "name": "", "until": 0}

chat_files = sa.Table(
    "chat_files",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("slot", sa.BigInteger, nullable=True),  # from 1: a session has so many; none once it is erased
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("width", sa.BigInteger, nullable=False),
    sa.Column("height", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # its name on the disk, which nobody could guess
    sa.Column("op", sa.Text, nullable=False),  # of the request that said it
    sa.Column("n", sa.BigInteger, nullable=False),  # the message that carries it, 0 before
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),  # how long an unsaid one may stay as it is; else 0
)
sa.Index(None, chat_files.c.pool, chat_files.c.session, chat_files.c.slot, unique=True)
sa.Index(None, chat_files.c.state, chat_files.c.until)

Row = sa.RowMapping


async def place(tx: Tx, row: dict[str, Any], most: int) -> bool:
    """Insert `row` into a free slot of its session; False when all are taken."""
    slots = sa.select(chat_files.c.slot).where(
        chat_files.c.pool == row["pool"], chat_files.c.session == row["session"], chat_files.c.slot.is_not(None)
    )
    taken = set((await tx.execute(slots)).scalars())
    for slot in range(1, most + 1):
        if slot in taken:
            continue
        await put_once(tx, chat_files, [row | {"slot": slot}], key=["pool", "session", "slot"])
        found = await find(tx, row["pool"], row["file"])
        if found is not None:  # else somebody took the slot meanwhile
            return True
    return False


async def find(tx: Tx, pool: str, file: str) -> Row | None:
    return (await tx.execute(sa.select(chat_files).where(_one(pool, file)))).mappings().first()


async def step(tx: Tx, pool: str, file: str, state: State, /, **changes: Any) -> bool:
    """Change a file that is in `state`; False, and nothing changes, when it is not."""
    done = await tx.execute(
        sa.update(chat_files).where(_one(pool, file), chat_files.c.state == state).values(**changes)
    )
    return done.rowcount == 1


async def erase(tx: Tx, pool: str, file: str) -> None:
    """From now on nobody finds the file; what is on the disk goes as soon as somebody comes round."""
    await tx.execute(sa.update(chat_files).where(_one(pool, file)).values(ERASED))


async def said(tx: Tx, pool: str, file: str, n: int) -> None:
    """The message `n` carries the file."""
    await tx.execute(sa.update(chat_files).where(_one(pool, file), chat_files.c.state == "shared").values(n=n))


async def unsaid(tx: Tx, pool: str, session: str, n: int) -> None:
    """The message `n` was taken back, and with it a file that it carried."""
    carried = sa.and_(chat_files.c.pool == pool, chat_files.c.session == session, chat_files.c.n == n)
    await tx.execute(sa.update(chat_files).where(carried).values(ERASED))


async def erase_of(tx: Tx, pool: str, sessions: sa.Select[tuple[str]]) -> None:
    """Erase all files of `sessions`."""
    of = sa.and_(chat_files.c.pool == pool, chat_files.c.session.in_(sessions))
    await tx.execute(sa.update(chat_files).where(of).values(ERASED))


async def lapse(tx: Tx, now: int, pool: str = "", session: str = "") -> None:
    """Erase what was not said in its time; of one session, where it is named."""
    late = sa.and_(chat_files.c.state.in_(UNSAID), chat_files.c.until < now)
    if session:
        late = sa.and_(late, chat_files.c.pool == pool, chat_files.c.session == session)
    await tx.execute(sa.update(chat_files).where(late).values(ERASED))


async def lapse_lost(tx: Tx, before: int) -> None:
    """Erase what was to be said before that time (ms), but came into no message: its server process died at it."""
    lost = sa.and_(chat_files.c.state == "shared", chat_files.c.n == 0, chat_files.c.at < before)
    await tx.execute(sa.update(chat_files).where(lost).values(ERASED))


async def outlive(tx: Tx, pool: str, before: int) -> None:
    """Erase what was said in `pool` before that time (ms)."""
    old = sa.and_(chat_files.c.pool == pool, chat_files.c.state == "shared", chat_files.c.at < before)
    await tx.execute(sa.update(chat_files).where(old).values(ERASED))


async def pools(tx: Tx) -> list[str]:
    return list((await tx.execute(sa.select(chat_files.c.pool).distinct())).scalars())


async def erasing(tx: Tx, limit: int) -> list[tuple[str, str, str]]:
    """Pool, file and path of what is still to be taken from the disk."""
    query = sa.select(chat_files.c.pool, chat_files.c.file, chat_files.c.path)
    rows = await tx.execute(query.where(chat_files.c.state == "erasing").limit(limit))
    return [(pool, file, path) for pool, file, path in rows]


async def delete(tx: Tx, pool: str, file: str) -> None:
    await tx.execute(sa.delete(chat_files).where(_one(pool, file), chat_files.c.state == "erasing"))


async def known_paths(tx: Tx, pool: str, paths: Sequence[str]) -> set[str]:
    """Which of `paths` have a row."""
    query = sa.select(chat_files.c.path).where(chat_files.c.pool == pool, chat_files.c.path.in_(paths))
    return set((await tx.execute(query)).scalars())


async def of_sessions(tx: Tx, pool: str, sessions: sa.Select[tuple[str]]) -> list[Row]:
    """What was said in `sessions` and is still there."""
    query = sa.select(chat_files).where(chat_files.c.pool == pool, chat_files.c.state == "shared")
    query = query.where(chat_files.c.session.in_(sessions)).order_by(chat_files.c.at, chat_files.c.file)
    return list((await tx.execute(query)).mappings())


def _one(pool: str, file: str) -> sa.ColumnElement[bool]:
    return sa.and_(chat_files.c.pool == pool, chat_files.c.file == file)
