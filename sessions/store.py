"""The session log and the transcripts, kept from the journal."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, convert, to_builtins

from ground.sql import Database, Recorded, Stamp, Tx, Words, metadata, put, put_later
from queueing.facts import Leg, MediaPath, Mode, SessionFacts, SessionState, Side
from sessions.facts import DeliveredFacts, SaidFacts
from sessions.files import store as files

session_log = sa.Table(
    "session_log",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("ticket", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("joined_at", sa.BigInteger, nullable=False),
    sa.Column("matched_at", sa.BigInteger, nullable=False),
    sa.Column("live_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("rate", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("ran_ms", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("running_since", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("path", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("user_leg", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("expert_leg", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("went_to", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("overtook", sa.JSON, nullable=False),
    sa.Column("delivered_user", sa.BigInteger, nullable=False),
    sa.Column("delivered_expert", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
sa.Index(None, session_log.c.pool, session_log.c.expert, session_log.c.ended_at, session_log.c.live_at)
sa.Index(None, session_log.c.pool, session_log.c.user, session_log.c.ended_at)

chat_lines = sa.Table(
    "chat_lines",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("edited_at", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("unsaid", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("file", sa.JSON(none_as_null=True), nullable=True),
)

_FROM_FACTS = ("session", "expert", "user", "name", "ticket", "mode", "state", "joined_at", "matched_at", "live_at",
               "ended_at", "reason", "by", "rate", "ran_ms", "running_since", "path", "user_leg", "expert_leg",
               "went_to")  # fmt: skip

_SAID = ("session", "n", "side", "text", "at", "op", "edited_at", "unsaid")


class LoggedSession(Struct, kw_only=True, frozen=True):
    """A session as the log has it. Milliseconds since 1970, 0 where there is none; `overtook` and the clock (`rate`,
    `ran_ms`, `running_since`) and the media as in SessionFacts."""

    session: str
    expert: str
    user: str
    name: str
    ticket: str
    mode: Mode
    state: SessionState
    joined_at: int
    matched_at: int
    live_at: int
    ended_at: int
    reason: str
    by: str
    rate: int
    ran_ms: int
    running_since: int
    path: MediaPath
    user_leg: Leg
    expert_leg: Leg
    went_to: str
    overtook: list[tuple[str, str]]
    delivered_user: int
    delivered_expert: int


async def record(tx: Tx, pool: str, entries: Sequence[Recorded]) -> None:
    """Write what journal entries say of sessions and what was said in them; other events are passed over.

    The same entry written again changes nothing, nor does an earlier one of the epoch. Of a message that was changed
    the books have the last words only.
    """
    said: list[dict[str, Any]] = []
    for stamp, events in entries:
        for event in events:
            if isinstance(event, SessionFacts):
                await _write(tx, pool, stamp, event)
            elif isinstance(event, SaidFacts):
                await _note_file(tx, pool, event)
                said.append({"pool": pool} | {f: getattr(event, f) for f in _SAID} | {"file": _file(event)})
            elif isinstance(event, DeliveredFacts):
                await _deliver(tx, pool, event)
    await put_later(tx, chat_lines, said, "edited_at")


async def find(db: Database, pool: str, session: str) -> LoggedSession | None:
    """One session of the log, or None. Whoever shows it checks that the reader is a party to it."""
    found = await _select(db, _of(pool, session), 1)
    return found[0] if found else None


async def parties(tx: Tx, pool: str, sessions: Sequence[str]) -> dict[str, tuple[str, str]]:
    """By session the expert's id and the user's name ("" when the user is forgotten)."""
    columns = (session_log.c.session, session_log.c.expert, session_log.c.name)
    query = sa.select(*columns).where(session_log.c.pool == pool, session_log.c.session.in_(sessions))
    return {session: (expert, name) for session, expert, name in await tx.execute(query)}


async def unfinished(db: Database, pool: str) -> list[LoggedSession]:
    """The sessions that the log has as open: those that the live store no longer knows were lost with it."""
    return await _select(db, sa.and_(session_log.c.pool == pool, session_log.c.state != "ended"), 10_000)


async def close_lost(tx: Tx, pool: str, session: str, at: int, ran_ms: int, reason: str) -> None:
    """End at `at`, by `system`, a session of the log that the live store lost, after `ran_ms` of connection. One that
    has ended stays as it is."""
    clock = {"ran_ms": ran_ms, "running_since": 0}
    lost = {"state": "ended", "ended_at": at, "reason": reason, "by": "system"} | clock
    await tx.execute(sa.update(session_log).where(_of(pool, session), session_log.c.state != "ended").values(lost))


async def recent_lengths(db: Database, pool: str, expert: str, limit: int = 200) -> list[float]:
    """Seconds from live to end of the expert's last `limit` sessions that were live, newest first."""
    query = (
        sa.select(session_log.c.live_at, session_log.c.ended_at)
        .where(session_log.c.pool == pool, session_log.c.expert == expert)
        .where(session_log.c.ended_at > 0, session_log.c.live_at > 0)
        .order_by(session_log.c.ended_at.desc(), session_log.c.session)
        .limit(limit)
    )
    async with db.read() as tx:
        return [max(0, ended_at - live_at) / 1000 for live_at, ended_at in await tx.execute(query)]


async def transcript(db: Database, pool: str, session: str, before: int = 0, limit: int = 100) -> list[SaidFacts]:
    """The newest `limit` messages before number `before` (0: from the end), oldest first."""
    query = (
        sa.select(chat_lines)
        .where(chat_lines.c.pool == pool, chat_lines.c.session == session)
        .order_by(chat_lines.c.n.desc())
        .limit(limit)
    )
    if before:
        query = query.where(chat_lines.c.n < before)
    async with db.read() as tx:
        rows = (await tx.execute(query)).mappings().all()
    return [convert({field: row[field] for field in SaidFacts.__struct_fields__}, SaidFacts) for row in reversed(rows)]


async def counted(tx: Tx, pool: str, experts: Sequence[str] | None, from_ms: int) -> dict[str, int]:
    """How many sessions of each expert were live for at least `from_ms`. None is everybody who had any."""
    live = sa.and_(session_log.c.live_at > 0, session_log.c.ended_at - session_log.c.live_at >= from_ms)
    query = sa.select(session_log.c.expert, sa.func.count()).where(session_log.c.pool == pool, live)
    if experts is not None:
        query = query.where(session_log.c.expert.in_(experts))
    rows = (await tx.execute(query.group_by(session_log.c.expert))).all()
    return {row[0]: row[1] for row in rows}


async def met(tx: Tx, pool: str, user: str, expert: str, limit: int) -> tuple[int, int, list[sa.RowMapping]]:
    """How many sessions of the two were live and are over, when the last began, and the newest `limit`."""
    two = sa.and_(session_log.c.pool == pool, session_log.c.user == user, session_log.c.expert == expert)
    over = sa.and_(two, session_log.c.live_at > 0, session_log.c.ended_at > 0)
    query = sa.select(session_log).where(over).order_by(session_log.c.matched_at.desc(), session_log.c.session)
    rows = list((await tx.execute(query.limit(limit))).mappings())
    count, last = (await tx.execute(sa.select(sa.func.count(), sa.func.max(session_log.c.live_at)).where(over))).one()
    return count, last or 0, rows


async def last_met(tx: Tx, pool: str, user: str, limit: int) -> list[tuple[str, int, int]]:
    """The experts with whom a user had a live session that is over: the expert, when the last began (ms), how many
    there were; the last met first."""
    over = sa.and_(session_log.c.pool == pool, session_log.c.user == user)
    over = sa.and_(over, session_log.c.live_at > 0, session_log.c.ended_at > 0)
    last = sa.func.max(session_log.c.live_at)
    query = sa.select(session_log.c.expert, last, sa.func.count()).where(over).group_by(session_log.c.expert)
    rows = await tx.execute(query.order_by(last.desc(), session_log.c.expert).limit(limit))
    return [(expert, at, count) for expert, at, count in rows]


async def ended(
    tx: Tx, pool: str, side: Side, member: str, before: tuple[int, str] | None, limit: int
) -> list[LoggedSession]:
    """The sessions of one on that side that are over, the last first; with `before`, which is when one ended and its
    id, those that come after that one."""
    mine = sa.and_(session_log.c.pool == pool, session_log.c[side] == member, session_log.c.ended_at > 0)
    if before:
        at, session = before
        as_late = sa.or_(session_log.c.ended_at < at, session_log.c.session < session)
        mine = sa.and_(mine, session_log.c.ended_at <= at, as_late)
    query = sa.select(session_log).where(mine).limit(limit)
    rows = await tx.execute(query.order_by(session_log.c.ended_at.desc(), session_log.c.session.desc()))
    return [_logged(row) for row in rows.mappings()]


async def spoken_in(tx: Tx, pool: str, sessions: Sequence[str]) -> set[str]:
    """Those of `sessions` in which something was written."""
    first = sa.and_(chat_lines.c.pool == pool, chat_lines.c.session.in_(sessions), chat_lines.c.n == 1)
    return set((await tx.execute(sa.select(chat_lines.c.session).where(first))).scalars())


async def sessions_of(tx: Tx, pool: str, user: str) -> list[sa.RowMapping]:
    """All sessions of a user, oldest first."""
    query = sa.select(session_log).where(session_log.c.pool == pool, session_log.c.user == user)
    return list((await tx.execute(query.order_by(session_log.c.matched_at, session_log.c.session))).mappings())


async def lines_of(tx: Tx, pool: str, user: str) -> list[sa.RowMapping]:
    """Everything that was said in the sessions of a user, in order."""
    query = sa.select(chat_lines).where(chat_lines.c.pool == pool, chat_lines.c.session.in_(_sessions_of(pool, user)))
    return list((await tx.execute(query.order_by(chat_lines.c.session, chat_lines.c.n))).mappings())


async def files_of(tx: Tx, pool: str, user: str) -> list[sa.RowMapping]:
    """Every file that was said in the sessions of a user and is still there."""
    return await files.of_sessions(tx, pool, _sessions_of(pool, user))


async def forget_user(tx: Tx, pool: str, user: str, pseudonym: str) -> None:
    """Delete what was said in the sessions of a user; they stay, under a pseudonym, without a reason that they gave."""
    said = sa.and_(chat_lines.c.pool == pool, chat_lines.c.session.in_(_sessions_of(pool, user)))
    await tx.execute(sa.delete(chat_lines).where(said))
    await files.erase_of(tx, pool, _sessions_of(pool, user))
    own = sa.and_(session_log.c.pool == pool, session_log.c.user == user)
    await tx.execute(sa.update(session_log).where(own, session_log.c.by == "user").values(reason=""))
    await tx.execute(sa.update(session_log).where(own).values(user=pseudonym, name=""))


def _sessions_of(pool: str, user: str) -> sa.Select[tuple[str]]:
    return sa.select(session_log.c.session).where(session_log.c.pool == pool, session_log.c.user == user)


def _of(pool: str, session: str) -> sa.ColumnElement[bool]:
    return sa.and_(session_log.c.pool == pool, session_log.c.session == session)


async def _write(tx: Tx, pool: str, stamp: Stamp, facts: SessionFacts) -> None:
    """`overtook` stays what the match said: later facts may leave it out. What was delivered has facts of its own."""
    row: dict[str, Any] = {"pool": pool, "epoch": stamp.epoch, "seq": stamp.seq}
    row |= {field: getattr(facts, field) for field in _FROM_FACTS}
    row |= {"overtook": [list(pair) for pair in facts.overtook], "delivered_user": 0, "delivered_expert": 0}
    keep = ["delivered_user", "delivered_expert"] + ([] if facts.overtook else ["overtook"])
    await put(tx, session_log, [row], keep=keep, newer=True)


def _file(facts: SaidFacts) -> dict[str, Any] | None:
    return None if facts.file is None else to_builtins(facts.file)


async def _note_file(tx: Tx, pool: str, facts: SaidFacts) -> None:
    """Which message carries a file, and that it goes with its message: also when the process that did it died."""
    if facts.unsaid:
        await files.unsaid(tx, pool, facts.session, facts.n)
    elif facts.file is not None:
        await files.said(tx, pool, facts.file.file, facts.n)


async def _deliver(tx: Tx, pool: str, facts: DeliveredFacts) -> None:
    column = session_log.c.delivered_user if facts.side == "user" else session_log.c.delivered_expert
    await tx.execute(
        sa.update(session_log).where(_of(pool, facts.session), column < facts.n).values({column.name: facts.n})
    )


async def _select(db: Database, where: sa.ColumnElement[bool], limit: int) -> list[LoggedSession]:
    query = sa.select(session_log).where(where).order_by(session_log.c.matched_at).limit(limit)
    async with db.read() as tx:
        return [_logged(row) for row in (await tx.execute(query)).mappings()]


def _logged(row: sa.RowMapping) -> LoggedSession:
    return convert({field: row[field] for field in LoggedSession.__struct_fields__}, LoggedSession)
