"""Tabs to presence: the first connection of a member in this process attaches them, the last one detaches them.

The process holds one lease per pool and renews it. When the store answers that it knew nothing of us (it lost its
data, or we were silent for too long), everybody who is here is attached again.
"""

import asyncio
from typing import Final, NamedTuple

import structlog

from ground.errors import Refusal, StoreUnavailable
from presence.presence import Presence

RENEW_S: Final = 2.0
FRESH_S: Final = 3.0
"""An attachment relies on a lease that was renewed so lately; else it is renewed first."""
_log = structlog.get_logger("openline.attachments")


class Member(NamedTuple):
    pool: str
    side: str
    member: str


class _Held:
    """One member: how many connections want them here, and whether the store has them attached (None: unsure). `heard`
    is the last sign of life of those that came and went, in the loop's seconds."""

    __slots__ = ("attached", "heard", "lock", "wanted")

    def __init__(self) -> None:
        self.wanted = 0
        self.heard = 0.0
        self.attached: bool | None = False
        self.lock = asyncio.Lock()


class Attachments:
    """One per process. `process` is this process's name in leases."""

    def __init__(self, presence: Presence, process: str) -> None:
        self._presence = presence
        self._process = process
        self._held: dict[Member, _Held] = {}
        self._renewed: dict[str, float] = {}
        self._renewing: dict[str, asyncio.Lock] = {}

    async def attach(self, who: Member) -> None:
        """One more connection of a member. Raises Refusal (an expert who is not of this pool) and StoreUnavailable;
        then it does not count."""
        held = self._held.setdefault(who, _Held())
        held.wanted += 1
        held.heard = asyncio.get_running_loop().time()
        try:
            await self._settle(who, held)
        except BaseException:
            held.wanted -= 1
            self._forget(who, held)
            raise

    async def detach(self, who: Member, heard: float) -> None:
        """One connection less, from which the last byte came at `heard`, in the loop's seconds. When the store does not
        answer, `keep` tries again."""
        held = self._held[who]
        held.wanted -= 1
        held.heard = max(held.heard, heard)
        try:
            await self._settle(who, held)
        except StoreUnavailable as error:
            _log.warning("detach waits for the store", pool=who.pool, side=who.side, error=str(error))

    async def _settle(self, who: Member, held: _Held) -> None:
        """Make the store's view what the connections want; one call at a time for one member."""
        async with held.lock:
            if held.wanted and held.attached is not True:
                await self._fresh_lease(who.pool)
                held.attached = None  # an answer that never comes leaves it open
                await self._attach(who, held)
            elif not held.wanted and held.attached is not False:
                silent_ms = int((asyncio.get_running_loop().time() - held.heard) * 1000)
                await self._presence.detach(who.pool, self._process, who.side, who.member, silent_ms=max(0, silent_ms))
                held.attached = False
        self._forget(who, held)

    async def _attach(self, who: Member, held: _Held) -> None:
        try:
            answer = await self._presence.attach(who.pool, self._process, who.side, who.member)
        except StoreUnavailable:
            self._lost(who.pool)
            raise
        except Refusal:
            held.attached = False
            raise
        if answer["lapsed"]:
            self._lost(who.pool)
        held.attached = True

    def _forget(self, who: Member, held: _Held) -> None:
        if not held.wanted and held.attached is False and not held.lock.locked() and self._held.get(who) is held:
            del self._held[who]

    async def _fresh_lease(self, pool: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._renewed.get(pool, -FRESH_S) >= FRESH_S:
            await self._renew(pool)

    async def _renew(self, pool: str) -> None:
        """Renew the lease of one pool. When it was not known, nobody of ours is attached any more."""
        async with self._renewing.setdefault(pool, asyncio.Lock()):
            began = asyncio.get_running_loop().time()
            try:
                answer = await self._presence.renew(pool, self._process)
            except StoreUnavailable:
                self._lost(pool)
                raise
            self._renewed[pool] = began
            if not answer["known"]:
                self._lost(pool)

    def _lost(self, pool: str) -> None:
        """The lease had lapsed, or may have (an answer that never came may have said so). `keep` attaches whoever is
        wanted and detaches the others; both do no harm where it was already so."""
        for who, held in self._held.items():
            if who.pool == pool:
                held.attached = None

    async def keep(self) -> None:
        """Renew every lease that is needed, and put right what an unreachable store left undone. Runs for ever."""
        while True:
            await asyncio.sleep(RENEW_S)
            for pool in {who.pool for who in self._held}:
                try:
                    await self._renew(pool)
                    await self._settle_all(pool)
                except StoreUnavailable as error:
                    _log.warning("lease not renewed", pool=pool, error=str(error))

    async def _settle_all(self, pool: str) -> None:
        for who, held in list(self._held.items()):
            if who.pool == pool and held.attached is not bool(held.wanted):
                try:
                    await self._settle(who, held)
                except Refusal as refusal:  # an expert who was taken out of the pool meanwhile
                    _log.info("not attached", pool=pool, code=refusal.code)

    async def release(self) -> None:
        """The process stops in order: nobody is here through it any more. Raises nothing."""
        for pool in list(self._renewed):
            try:
                await self._presence.release(pool, self._process)
            except StoreUnavailable as error:
                _log.warning("lease not released", pool=pool, error=str(error))
        self._held.clear()
        self._renewed.clear()
