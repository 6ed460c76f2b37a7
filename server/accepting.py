"""Two meet: before an offer that costs something is accepted, what its session may come to is set aside."""

from typing import Any, Final, Protocol

import structlog

from billing import holds, meter
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database, Tx
from queueing.line import Line
from server.catalogue import Page
from server.connection import Connection
from server.fanout import LivePool
from server.metering import Metering
from server.prices import least_ms
from wire import messages

UNFUNDED: Final = frozenset({"balance_too_low", "wallet_frozen", "too_many_free_calls"})
Answer = dict[str, Any]
_log = structlog.get_logger("openline.accepting")


class Place(Protocol):
    """The pool in which somebody accepts; a connection's `View` is one."""

    @property
    def live(self) -> LivePool: ...
    @property
    def page(self) -> Page: ...


class Accepting:
    """Answers `accept`, for both sides."""

    def __init__(self, database: Database, line: Line, metering: Metering, clock: Clock) -> None:
        self._database = database
        self._line = line
        self._metering = metering
        self._clock = clock

    async def accept(self, conn: Connection, ask: messages.Accept) -> Answer:
        """Accept an offer, with money set aside for it where it costs something. → as `Line.accept`

        Refused as there, and `balance_too_low`, `wallet_frozen`, `too_many_free_calls`: then the offer is over;
        `not_settled`: what this user's last session came to is not known yet, and the offer stands.
        """
        return await self.accept_as(conn.view, conn.role, conn.member, ask.offer, ask.op)

    async def accept_as(self, place: Place, side: str, member: str, name: str, op: str) -> Answer:
        """The same for `member`, whose telephone was picked up, say."""
        pool, offer = place.live.pool, await self._metered(place, side, member, name)
        if offer is None:
            return await self._line.accept(pool, name, side, member, op=op)
        reserved = await self._reserve_or_end(place, offer)
        try:
            answer = await self._line.accept(
                pool, name, side, member, budget_ms=reserved.budget_ms, fee_bps=reserved.fee_bps, op=op
            )
        except Refusal:
            self._metering.beside(self._metering.clear(pool, offer["user"]))
            raise
        self._metering.beside(self._metering.wallet_changed(pool, offer["user"]))
        return answer

    async def set_aside(self, place: Place, side: str, member: str, name: str) -> None:
        """Only set the money aside, before something is spent on the offer. Refused as `accept` for want of money."""
        offer = await self._metered(place, side, member, name)
        if offer is not None:
            await self._reserve_or_end(place, offer)

    async def _metered(self, place: Place, side: str, member: str, name: str) -> Answer | None:
        """The offer, if it rings for this side and costs something."""
        known = place.live.mirror.offers.get(name)
        if known is not None and not known.rate:
            return None
        try:
            offer = await self._line.offer(place.live.pool, name, side, member)
        except Refusal:  # accepting answers: a repeat with the first answer, all else with this refusal
            return None
        return offer if offer["rate"] else None

    async def _reserve_or_end(self, place: Place, offer: Answer) -> meter.Reserved:
        pool = place.live.pool
        async with self._database.read() as tx:
            held = await _held(tx, pool, offer["offer"])
        if held is not None:
            return held
        known = await self._metering.clear(pool, offer["user"])
        try:
            return await self._reserve(place, offer)
        except Refusal as refusal:
            if refusal.code not in UNFUNDED:
                raise
            if not known:
                raise Refusal("not_settled") from refusal
            await self._unfunded(pool, offer["offer"])
            raise

    async def _reserve(self, place: Place, offer: Answer) -> meter.Reserved:
        options, pool, now = place.page.pool.options, place.live.pool, self._clock.now_ms()
        cap_ms = place.live.mirror.settings.session_cap_ms
        async with self._database.begin() as tx:
            held = await _held(tx, pool, offer["offer"])
            if held is not None:
                return held
            calls = await meter.free_calls_today(tx, pool, offer["user"], offer["expert"], now)
            if calls >= options.free_calls:
                raise Refusal("too_many_free_calls", offer["expert"])
            return await meter.reserve(
                tx, pool, offer["offer"], offer["user"], offer["expert"],
                rate=offer["rate"], free_ms=offer["free_ms"], cap_ms=cap_ms, minimum_ms=least_ms(options, cap_ms),
                fee_bps=options.fee_bps, currency=options.currency, now=now,
            )  # fmt: skip

    async def _unfunded(self, pool: str, offer: str) -> None:
        try:
            await self._line.unfunded(pool, offer)
        except Refusal:
            _log.info("unfunded_offer_was_over", pool=pool, offer=offer)


async def _held(tx: Tx, pool: str, offer: str) -> meter.Reserved | None:
    """What the other side's acceptance has set aside already."""
    held = await holds.find(tx, pool, offer)
    if held is None or held.state != "pending":
        return None
    return meter.Reserved(held.amount, meter.budget_of(held), held.terms.fee_bps)
