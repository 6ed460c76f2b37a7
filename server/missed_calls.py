"""Nobody picked up at the turn, twice: the place is given up, and who it was is told so.

A mail goes to the account's address, in the transaction that writes the journal page; the page says it, too, when they
come back.
"""

from collections.abc import Sequence

import structlog

from directory import store as directory
from ground.errors import Refusal
from ground.sql import Stamp, Tx
from identity.members import reach
from mail import outbox
from mail.letter import Letter
from queueing.facts import TicketFacts
from server.mail_texts import chosen, written
from server.mirror import Event
from sessions.phone import book

EXPIRES_MS = 24 * 3_600_000
_log = structlog.get_logger("openline.missed_calls")


class MissedCalls:
    """`base` is where people reach the server."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def tell(self, tx: Tx, pool: str, told: Sequence[tuple[Stamp, Sequence[Event]]]) -> None:
        """Tell those whose places were given up in `told` because their telephone was not answered."""
        for stamp, events in told:
            for event in events:
                if isinstance(event, TicketFacts) and is_missed(event):
                    await book.missed(tx, pool, event.user, stamp.at)
                    await self._write(tx, pool, event, stamp.at)

    async def _write(self, tx: Tx, pool: str, ticket: TicketFacts, at: int) -> None:
        to, place = await reach(tx, pool, "user", ticket.user), await directory.find_pool(tx, pool)
        if to is None or place is None:
            return
        link = f"{self._base}/p/{pool}"
        mail = written(chosen(to.language), "missed_call", pool=place["name"], link=link)
        letter = Letter(
            kind="missed_call", pool=pool, to=to.email, subject=mail.subject, text=mail.text, secret=False,
            expires_at=at + EXPIRES_MS, key=f"missed_call/{ticket.ticket}",
        )  # fmt: skip
        try:
            await outbox.put(tx, letter, at)
        except Refusal as refusal:  # the books go on without it
            _log.warning("missed_call_not_mailed", pool=pool, ticket=ticket.ticket, code=refusal.code)


def is_missed(ticket: TicketFacts) -> bool:
    """Whether a place was given up because the telephone of the turn was not answered."""
    return ticket.state == "done" and ticket.call_me and ticket.reason == "not_ready"
