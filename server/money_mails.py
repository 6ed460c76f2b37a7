"""Receipts and other mails about money, each written in the transaction that moves it.

Who has no address here gets none; what can't be written stops no money.
"""

from typing import Any, Final

import structlog

from billing.meter import BillFacts
from directory import store as directory
from ground.errors import Refusal
from ground.sql import Tx
from identity.members import Reach, reach
from identity.tokens import Member
from mail import outbox
from mail.letter import Letter
from server.mail_texts import chosen, duration, moment, money, text, written

PAGES: Final[dict[str, str]] = {"user": "account", "expert": "expert/earnings"}
"""Where somebody of a role sees what was booked, below the pool's page."""
_log = structlog.get_logger("openline.money_mails")


class MoneyMails:
    """Writes them. `base` is where people reach the server.

    `balance` is what the user may spend afterwards. A letter with a `key` goes once, however often it is written.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    async def deposited(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """A deposit has been credited."""
        await self._about(tx, "deposit", pool, user, amount, currency, balance, now, key=key)

    async def charged(self, tx: Tx, pool: str, bill: BillFacts, balance: int, now: int) -> None:
        """A session was charged to its user. One that cost nothing brings no letter."""
        to = await reach(tx, pool, "user", bill.user) if bill.amount else None
        if to is None:
            return
        language = chosen(to.language)
        values = {
            "expert": await _expert_name(tx, pool, bill.expert), "time": duration(language, bill.ran_ms),
            "rate": money(language, bill.rate, bill.currency), "amount": money(language, bill.amount, bill.currency),
            "balance": money(language, balance, bill.currency), "at": moment(language, bill.ended_at, "UTC"),
        }  # fmt: skip
        await self._send(tx, "charge", pool, "user", to, values, now, bill.session)

    async def refunded(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """Unused balance goes back to the card."""
        await self._about(tx, "refund", pool, user, amount, currency, balance, now, key=key)

    async def refund_failed(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *, key: str = ""
    ) -> None:
        """The card did not take it back; it is in the balance again."""
        await self._about(tx, "refund_failed", pool, user, amount, currency, balance, now, key=key)

    async def reload_failed(
        self, tx: Tx, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *,
        off: bool, key: str = "",
    ) -> None:  # fmt: skip
        """The kept card could not be charged; `off`: and it is not tried again."""
        await self._about(
            tx, "reload_failed", pool, user, amount, currency, balance, now,
            key=key, then=f"mail.reload_failed.{'off' if off else 'again'}",
        )  # fmt: skip

    async def paid_out(
        self, tx: Tx, pool: str, expert: str, amount: int, currency: str, iban: str, now: int, *, key: str
    ) -> None:
        """What an expert earned is on its way to the account of the masked `iban`."""
        to = await _expert_reach(tx, pool, expert)
        if to is None:
            return
        language = chosen(to.language)
        values = {
            "name": await _expert_name(tx, pool, expert), "amount": money(language, amount, currency),
            "iban": iban, "at": moment(language, now, "UTC"),
        }  # fmt: skip
        await self._send(tx, "payout", pool, "expert", to, values, now, key)

    async def bank_details_changed(self, tx: Tx, pool: str, expert: str, iban: str, now: int) -> None:
        """To the expert, about the masked `iban` ("": it was deleted): whoever did it, its owner hears of it."""
        to = await _expert_reach(tx, pool, expert)
        if to is None:
            return
        language = chosen(to.language)
        values = {
            "name": await _expert_name(tx, pool, expert), "iban": iban or text(language, "mail.bank_details.none"),
            "at": moment(language, now, "UTC"),
        }  # fmt: skip
        await self._send(tx, "bank_details", pool, "expert", to, values, now, "")

    async def _about(
        self, tx: Tx, kind: str, pool: str, user: str, amount: int, currency: str, balance: int, now: int, *,
        key: str, then: str = "",
    ) -> None:  # fmt: skip
        """A letter that says no more than an amount, when, and the balance."""
        to = await reach(tx, pool, "user", user)
        if to is None:
            return
        language = chosen(to.language)
        values = {
            "amount": money(language, amount, currency), "balance": money(language, balance, currency),
            "at": moment(language, now, "UTC"),
        }  # fmt: skip
        more = {"next": text(language, then)} if then else {}
        await self._send(tx, kind, pool, "user", to, values | more, now, key)

    async def _send(
        self, tx: Tx, kind: str, pool: str, role: Member, to: Reach, values: dict[str, Any], now: int, key: str
    ) -> None:
        row = await directory.find_pool(tx, pool)
        link = f"{self._base}/p/{pool}/{PAGES[role]}"
        mail = written(chosen(to.language), kind, pool=row["name"] if row else pool, link=link, **values)
        letter = Letter(
            kind=kind, pool=pool, to=to.email, subject=mail.subject, text=mail.text, secret=False,
            key=f"{kind}:{key}" if key else "",
        )  # fmt: skip
        try:
            await outbox.put(tx, letter, now)
        except Refusal as refusal:  # the money has moved whether or not there is room for a letter
            _log.warning("money_not_mailed", pool=pool, kind=kind, code=refusal.code)


async def _expert_reach(tx: Tx, pool: str, expert: str) -> Reach | None:
    """An expert without an account of their own is reached where messages to them go."""
    row = await directory.find_expert(tx, pool, expert)
    to = await reach(tx, pool, "expert", expert)
    return to or (Reach(email=row["email"], language="") if row and row["email"] else None)


async def _expert_name(tx: Tx, pool: str, expert: str) -> str:
    row = await directory.find_expert(tx, pool, expert)
    return str(row["name"]) if row else expert
