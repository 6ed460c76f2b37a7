"""A user's own data in the books of sessions and lines: taken along, and forgotten."""

from typing import Any

from msgspec import to_builtins

from ground.ids import new_id
from ground.sql import Database, Tx
from queueing import store as tickets
from queueing.waits import waits_of_user
from sessions import store
from sessions.feedback import store as given
from sessions.notebook import store as notebook
from sessions.phone import book as phone
from sessions.recording import store as recordings


async def export_user(db: Database, pool: str, user: str) -> dict[str, Any]:
    """What is kept of a user, as plain data: sessions, what was said in them (by both sides: the user has seen it),
    files, feedback, waits, and what experts have noted. Times are milliseconds since 1970, 0 where there is none."""
    async with db.read() as tx:
        sessions = await store.sessions_of(tx, pool, user)
        lines = await store.lines_of(tx, pool, user)
        files = await store.files_of(tx, pool, user)
        notes = await notebook.notes_about(tx, pool, user)
        recorded = await recordings.of_user(tx, pool, user)
        feedback = await given.of_user(tx, pool, user)
        waits = await waits_of_user(tx, pool, user)
        telephone = await phone.export(tx, pool, "user", user)
    return {
        "sessions": [{field: row[field] for field in _SESSION} for row in sessions],
        "messages": [{field: row[field] for field in _LINE} for row in lines],
        "files": [{field: row[field] for field in _FILE} for row in files],
        "notes": [{field: row[field] for field in _NOTE} for row in notes],
        "recordings": [{field: row[field] for field in _RECORDING} for row in recorded],
        "feedback": [{field: row[field] for field in _FEEDBACK} for row in feedback],
        "waits": to_builtins(waits),
        **telephone,
    }


async def export_expert(db: Database, pool: str, expert: str) -> dict[str, Any]:
    """What an expert keeps for oneself, as plain data."""
    async with db.read() as tx:
        replies = await notebook.replies(tx, pool, expert)
        notes = await notebook.notes_by(tx, pool, expert)
        telephone = await phone.export(tx, pool, "expert", expert)
    return {
        "replies": [{field: row[field] for field in ("title", "text", "at")} for row in replies],
        "notes": [{field: row[field] for field in ("user", "text", "at")} for row in notes],
        **telephone,
    }


async def erase_expert(tx: Tx, pool: str, expert: str) -> None:
    """Forget what an expert kept for oneself. What they said to users is the users' as well, and stays."""
    await notebook.forget_expert(tx, pool, expert)
    await recordings.forget_expert(tx, pool, expert)
    await phone.forget_member(tx, pool, "expert", expert, new_id("erased"))


async def erase_user(tx: Tx, pool: str, user: str) -> None:
    """Forget a user in the transaction of the caller, who also has the index forget their chats.

    The transcripts of their sessions are deleted whole, for an answer repeats the question; from now on nobody finds
    their files, which leave the disk when somebody comes round. Notes about them go. Feedback stays and is nobody's.
    That sessions and waits happened stays under a pseudonym without the name: every count stays as it was.
    What the journal has and the books have not yet written would come back: the caller waits for the books first,
    and ends what is open.
    """
    if not user:  # nobody in particular: those who are erased already
        return
    pseudonym = new_id("erased")
    await given.forget_user(tx, pool, user)
    await notebook.forget_user(tx, pool, user)
    await recordings.forget_user(tx, pool, user, pseudonym)
    await store.forget_user(tx, pool, user, pseudonym)
    await tickets.forget_user(tx, pool, user, pseudonym)
    await phone.forget_member(tx, pool, "user", user, pseudonym)


_SESSION = ("session", "expert", "mode", "name", "joined_at", "matched_at", "live_at", "ended_at", "reason", "by")
_LINE = ("session", "n", "side", "text", "at", "edited_at", "unsaid", "file")
_FILE = ("session", "file", "side", "name", "type", "size", "at")
_RECORDING = ("session", "started_at", "ended_at", "length_ms", "bytes", "state", "erase_at")
_NOTE = ("expert", "text", "at")
_FEEDBACK = ("feedback", "session", "expert", "stars", "text", "at", "may_teach", "answer", "answered_at")
