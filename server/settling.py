"""What the journal means for money, in the transaction that writes the journal's page.

So each session is settled with the entry that ended it, once, whoever writes it and wherever they were stopped. Nothing
of money stops the books: a session for which nothing was set aside is written down as unpaid, and logged.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import structlog

from billing import holds, meter
from billing.meter import BillFacts
from ground.errors import Refusal
from ground.sql import Stamp, Tx, is_about_data
from queueing.facts import OfferFacts, SessionFacts
from server.mirror import Event
from server.money_mails import MoneyMails

RINGING: Final = frozenset({"ringing", "matched"})
OURS: Final = frozenset({"media_lost", "phone_full", "too_many_calls"})
"""What ends a session for want of something of ours."""
EndedBy = Literal["user", "expert", "server", ""]
_LOST: Final[dict[str, EndedBy]] = {
    "user_gone": "user", "user_failed": "user", "expert_gone": "expert", "expert_failed": "expert",
}  # fmt: skip
"""Whose connection was lost."""
_log = structlog.get_logger("openline.settling")


class Moved(NamedTuple):
    """Whose money is another now, and which session was settled ("": none). `soon_over`: their money may end soon."""

    user: str
    session: str = ""
    soon_over: bool = False


class Settling:
    """`mails` writes receipts."""

    def __init__(self, mails: MoneyMails | None = None) -> None:
        self._mails = mails

    async def record(self, tx: Tx, pool: str, told: Sequence[tuple[Stamp, Sequence[Event]]]) -> list[Moved]:
        """Bind, release and settle as these entries say. Whom to tell, once it is committed."""
        moved: list[Moved] = []
        for stamp, events in told:
            for event in events:
                if isinstance(event, OfferFacts) and event.rate and event.state not in RINGING:
                    if await meter.release(tx, pool, event.offer, stamp.at):
                        moved.append(Moved(event.user))
                elif isinstance(event, SessionFacts) and event.rate:
                    moved += await self._session(tx, pool, event)
        return moved

    async def _session(self, tx: Tx, pool: str, facts: SessionFacts) -> list[Moved]:
        if facts.cause == "matched":
            await meter.bind(tx, pool, facts.offer, facts.session)
        elif facts.cause == "minute":
            return [Moved(facts.user, soon_over=True)]
        elif facts.state == "ended":
            return await self.settle(tx, pool, facts, facts.ran_ms, facts.ended_at)
        return []

    async def settle(self, tx: Tx, pool: str, facts: SessionFacts, ran_ms: int, ended_at: int) -> list[Moved]:
        """Charge a session that ended after `ran_ms` of connection. Safe to repeat."""
        bill = await meter.settle(
            tx, pool, facts.offer, facts.session, ran_ms=ran_ms, ended_by=ended_by(facts), ended_at=ended_at,
            user=facts.user, expert=facts.expert, rate=facts.rate, free_ms=facts.free_ms,
        )  # fmt: skip
        if bill is None:
            return []
        if self._mails:
            await self._mail(tx, pool, bill, self._mails)
        return [Moved(bill.user, bill.session, soon_over=True)]

    async def lost(self, tx: Tx, pool: str, session: str, ran_ms: int, ended_at: int) -> list[Moved]:
        """Charge a session that the live store has lost for what is known to have run: nobody's fault but ours."""
        held = await holds.of_session(tx, pool, session)
        if held is None or held.state != "pending":
            return []
        await meter.settle(tx, pool, held.hold, session, ran_ms=ran_ms, ended_by="server", ended_at=ended_at)
        return [Moved(held.user, session)]

    async def _mail(self, tx: Tx, pool: str, bill: BillFacts, mails: MoneyMails) -> None:
        """The receipt goes with the charge, or the charge without it: no letter stops the books."""
        available, _owed = await meter.balances(tx, pool, bill)
        try:
            async with tx.begin_nested():
                await mails.charged(tx, pool, bill, available, bill.ended_at)
        except Exception as error:
            if not (isinstance(error, Refusal) or is_about_data(error)):
                raise
            _log.exception("receipt_not_mailed", pool=pool, session=bill.session)


def ended_by(facts: SessionFacts) -> EndedBy:
    """Which side ended a session, was lost, or never came; "server" where we or the telephone network failed both, ""
    for others. For what the expert never came to nobody answers but the expert. The reason is a side's own words unless
    nobody ended it."""
    unreached = facts.reason == "user_failed" and not facts.user_on  # a telephone whose network says no, or is away
    if facts.by == "system" and (unreached or facts.reason in OURS):
        return "server"
    if not facts.live_at and not facts.expert_on:
        return "expert"
    if facts.by == "system":
        return "user" if not facts.live_at and facts.reason == "not_connected" else _LOST.get(facts.reason, "")
    return "user" if facts.by == "user" else "expert" if facts.by.startswith("expert:") else ""
