"""The door of feedback. Whose feedback is, is nobody's business: no answer here names a user."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx
from identity import audit
from sessions.feedback import store

if TYPE_CHECKING:
    from sessions.conversation import Conversation  # which asks us whom a user has met

PINS_MAX: Final = 6
Also = Callable[[Tx], Awaitable[None]]
"""What is to be written in the same transaction."""


class Given(Struct, kw_only=True, frozen=True):
    """Feedback on `expert`. `stars` 1 to 5; `text` and `answer` are plain text; times in ms, 0 without an answer.

    `hidden` and `hidden_reason` are for operators only.
    """

    feedback: str
    expert: str
    stars: int
    text: str
    at: int
    answer: str
    answered_at: int
    pinned: bool
    hidden: bool
    hidden_reason: str


class Page(Struct, kw_only=True, frozen=True):
    """Newest first. `more`: there is feedback before the last of `items`."""

    items: list[Given]
    more: bool


class Feedback:
    """The feedback in one database; `conversation` knows the sessions, and only giving needs it."""

    def __init__(self, db: Database, conversation: "Conversation | None" = None) -> None:
        self._db = db
        self._conversation = conversation

    async def give(
        self, pool: str, session: str, user: str, stars: int, text: str, *, may_teach: bool = False, after_s: int,
        op: str, now: int, also: Also | None = None,
    ) -> Given:  # fmt: skip
        """Say what `user` thinks of a session, once; `op` again gives the first answer.

        `also` runs in the same transaction when this is the first time. Refuses no_such_session (unknown, or of
        others), session_open, too_short_to_rate (live for less than `after_s` seconds), feedback_given; raises
        StoreUnavailable and database errors.
        """
        if self._conversation is None:
            raise RuntimeError("this door was opened without the sessions")
        met = await self._conversation.session(pool, session, "user", user)
        if met.state != "ended":
            raise Refusal("session_open", session)
        if not met.live_at or met.ended_at - met.live_at < after_s * 1000:
            raise Refusal("too_short_to_rate", session)
        row = {
            "pool": pool, "session": session, "feedback": new_id("f"), "expert": met.expert, "user": user, "op": op,
            "stars": stars, "text": text.strip(), "may_teach": may_teach, "at": now, "answer": "", "answered_at": 0,
            "answer_op": "", "pinned": 0, "hidden": False, "hidden_reason": "",
        }  # fmt: skip
        async with self._db.begin() as tx:
            kept = await store.add(tx, row)
            if kept["feedback"] != row["feedback"]:
                if kept["op"] != op:
                    raise Refusal("feedback_given", session)
            elif also is not None:
                await also(tx)
        return _given(kept)

    async def answer(self, pool: str, feedback: str, expert: str, text: str, *, op: str, now: int) -> Given:
        """The expert's answer, once; `op` again changes nothing.

        Refuses no_such_feedback (unknown, or on others), feedback_answered, empty_text.
        """
        if not text.strip():
            raise Refusal("empty_text")
        async with self._db.begin() as tx:
            row = await store.one(tx, pool, feedback)
            # What an operator has hidden is not there for the expert either.
            if row is None or row["expert"] != expert or row["hidden"]:
                raise Refusal("no_such_feedback", feedback)
            if row["answered_at"]:
                if row["answer_op"] != op:
                    raise Refusal("feedback_answered", feedback)
                return _given(row)
            said = {"answer": text.strip(), "answered_at": now, "answer_op": op}
            await store.change(tx, row, **said)
        return _given({**row, **said})

    async def hide(self, pool: str, feedback: str, hidden: bool, reason: str, by: str, *, now: int) -> Given:
        """Hide feedback, or show it again; the audit of operator `by` says so in the same transaction.

        Hidden feedback counts for nothing and is pinned no more. Saying the same again changes nothing.
        Refuses no_such_feedback.
        """
        async with self._db.begin() as tx:
            row = await store.one(tx, pool, feedback)
            if row is None:
                raise Refusal("no_such_feedback", feedback)
            new = {
                "hidden": hidden,
                "hidden_reason": reason if hidden else "",
                "pinned": 0 if hidden else row["pinned"],
            }
            if (row["hidden"], row["hidden_reason"]) == (new["hidden"], new["hidden_reason"]):
                return _given(row)
            await store.change(tx, row, **new)
            did = "hide_feedback" if hidden else "show_feedback"
            await audit.note(
                tx, pool, now, audit.Action(actor=by, action=did, object=f"feedback:{feedback}", reason=reason)
            )
        return _given({**row, **new})

    async def page(self, pool: str, expert: str, before: int = 0, limit: int = 10, *, hidden: bool = False) -> Page:
        """The newest on `expert` before the time `before` (ms; 0: from the end); `hidden`: also what is hidden.

        Those of one millisecond stay together, so that a page may hold a few more than `limit`.
        """
        async with self._db.read() as tx:
            rows, more = await store.newest(tx, pool, expert, before, limit, hidden)
        return Page(items=[_given(row) for row in rows], more=more)

    async def newest(self, pool: str, before: int = 0, limit: int = 50) -> list[Given]:
        """The newest in the pool before the time `before` (ms; 0: from the end), hidden or not: for operators."""
        async with self._db.read() as tx:
            return [_given(row) for row in await store.newest_in_pool(tx, pool, before, limit)]

    async def pinned(self, pool: str, expert: str) -> list[Given]:
        """What the expert has pinned, in the expert's order."""
        async with self._db.read() as tx:
            return [_given(row) for row in await store.pinned(tx, pool, expert)]

    async def pin(self, pool: str, expert: str, feedback: Sequence[str]) -> None:
        """Pin exactly these, in this order. Refuses too_many_pinned (`PINS_MAX`), no_such_feedback (unknown, hidden,
        on others, or named twice)."""
        if len(feedback) > PINS_MAX:
            raise Refusal("too_many_pinned", str(PINS_MAX))
        async with self._db.begin() as tx:
            known = await store.visible(tx, pool, expert, feedback)
            for name in feedback:
                if name not in known:
                    raise Refusal("no_such_feedback", name)
                known.remove(name)
            await store.pin(tx, pool, expert, feedback)


def _given(row: store.Row) -> Given:
    values = {name: row[name] for name in Given.__struct_fields__}
    return Given(**(values | {"pinned": row["pinned"] > 0}))
