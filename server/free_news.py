"""An expert is free: a mail to each who asked to be told, written in the transaction that writes the journal page."""

from collections.abc import Sequence

import structlog

from directory import wishes
from ground.errors import Refusal
from ground.sql import Stamp, Tx
from mail import outbox
from mail.letter import Letter
from presence.facts import ExpertFacts
from server.mail_texts import chosen, written
from server.mirror import Event

EXPIRES_MS = 6 * 3_600_000
"""A mail that is so late would no longer be true."""
_log = structlog.get_logger("openline.free_news")


class FreeNews:
    """`base` is where people reach the server."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def tell(self, tx: Tx, pool: str, told: Sequence[tuple[Stamp, Sequence[Event]]]) -> None:
        """Write to those who wait for the experts who are free at the end of `told`.

        Whether they were free before does not matter: nobody can wish for who is free, so a wish about them was made
        while they were not.
        """
        last = {event.expert: event for _, events in told for event in events if isinstance(event, ExpertFacts)}
        free = [expert for expert, facts in last.items() if facts.indicator == "free"]
        if not free:
            return
        at = told[-1][0].at
        for true in await wishes.come_true(tx, pool, free, at):
            try:
                await outbox.put(tx, self._letter(pool, true, at), at)
            except Refusal as refusal:  # the books go on without it
                _log.warning("wish_not_mailed", pool=pool, expert=true.expert, code=refusal.code)

    def _letter(self, pool: str, true: wishes.Told, at: int) -> Letter:
        link = f"{self._base}/p/{pool}/x/{true.expert}"
        mail = written(chosen(true.language), "free", pool=true.pool_name, expert=true.expert_name, link=link)
        return Letter(
            kind="free", pool=pool, to=true.address, subject=mail.subject, text=mail.text, secret=False,
            expires_at=at + EXPIRES_MS,
        )  # fmt: skip
