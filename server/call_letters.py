"""Whom we were to call at their turn is told why their telephone did not bring them there.

Nobody picked up, twice: the place is given up. Or an operator has moved them to a line that costs more than they agreed
to: no telephone rings for that. A mail goes to the account's address, in the transaction that writes the journal page;
the page says it, too, when they come back.
"""

from collections.abc import Sequence

import structlog
from msgspec import convert

from directory import store as directory
from directory.expert import PoolOptions
from ground.errors import Refusal
from ground.sql import Stamp, Tx
from identity.members import reach
from mail import outbox
from mail.letter import Letter
from queueing.facts import TicketFacts
from server.mail_texts import chosen, money, written
from server.mirror import Event
from sessions.phone import book

EXPIRES_MS = 24 * 3_600_000
_log = structlog.get_logger("openline.call_letters")


class CallLetters:
    """`base` is where people reach the server."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def tell(self, tx: Tx, pool: str, told: Sequence[tuple[Stamp, Sequence[Event]]]) -> None:
        """Tell those whom `told` is about."""
        for stamp, events in told:
            for event in events:
                if isinstance(event, TicketFacts):
                    await self._tell(tx, pool, event, stamp.at)

    async def _tell(self, tx: Tx, pool: str, ticket: TicketFacts, at: int) -> None:
        if is_missed(ticket):
            await book.missed(tx, pool, ticket.user, at)
            await self._write(tx, pool, ticket, at, "missed_call", ticket.ticket)
        elif is_moved_away(ticket):
            await self._write(tx, pool, ticket, at, "dearer_line", f"{ticket.ticket}/{ticket.dearer()}")

    async def _write(self, tx: Tx, pool: str, ticket: TicketFacts, at: int, kind: str, about: str) -> None:
        to, place = await reach(tx, pool, "user", ticket.user), await directory.find_pool(tx, pool)
        if to is None or place is None:
            return
        language, options = chosen(to.language), convert(place["options"] or {}, PoolOptions)
        rate = money(language, ticket.dearer(), options.currency)
        mail = written(language, kind, pool=place["name"], link=f"{self._base}/p/{pool}", rate=rate)
        letter = Letter(
            kind=kind, pool=pool, to=to.email, subject=mail.subject, text=mail.text, secret=False,
            expires_at=at + EXPIRES_MS, key=f"{kind}/{about}",
        )  # fmt: skip
        try:
            await outbox.put(tx, letter, at)
        except Refusal as refusal:  # the books go on without it
            _log.warning("call_not_mailed", kind=kind, pool=pool, ticket=ticket.ticket, code=refusal.code)


def is_missed(ticket: TicketFacts) -> bool:
    """Whether a place was given up because the telephone of the turn was not answered."""
    return ticket.state == "done" and ticket.call_me and ticket.reason == "not_ready"


def is_moved_away(ticket: TicketFacts) -> bool:
    """Whether somebody without a page was moved to where their telephone will not ring, for it costs more."""
    return ticket.cause == "moved" and ticket.call_me and not ticket.connected and ticket.dearer() > 0
