"""Who is asking: from a token or a cookie to a member whose sign-in still holds. The socket and HTTP ask here alike."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from ground.clock import Clock
from ground.errors import Refusal
from identity import cookies
from identity.host_tokens import HostTokens
from identity.sign_ins import SignIns
from identity.tokens import Identity, Member, TokenRefused, Tokens

BLOCKED_S: Final = 2.0
_log = structlog.get_logger("openline.guard")


class Blocked:
    """Who is blocked, for those who come with a token: thousands do so at once when a server process starts again, and
    a look into the books would cost each of them more than the rest of the hello."""

    def __init__(self, sign_ins: SignIns, now_s: Callable[[], float] = time.monotonic) -> None:
        self._sign_ins = sign_ins
        self._now_s = now_s
        self._members: frozenset[tuple[str, str, str]] = frozenset()
        self._read_at = -math.inf
        self._forgot = 0
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Somebody was blocked just now: look again at the next hello."""
        self._forgot += 1
        self._read_at = -math.inf

    async def check(self, pool: str, role: str, subject: str) -> None:
        """Raises Refusal (`blocked`), by what the books said `BLOCKED_S` ago at most, and what the database raises."""
        if self._now_s() - self._read_at > BLOCKED_S:
            async with self._reading:
                await self._read()
        if (pool, role, subject) in self._members:
            raise Refusal("blocked")

    async def _read(self) -> None:
        asked = self._now_s()
        if asked - self._read_at > BLOCKED_S:
            forgot = self._forgot
            self._members = await self._sign_ins.blocked()
            if forgot == self._forgot:  # else somebody was blocked during the look
                self._read_at = asked


class Guard:
    """Checks tokens and cookies, and then the books: whether the cookie's sign-in holds, whether the member is blocked.
    For a cookie that is one indexed read; who has neither token nor cookie costs none. Both raise Refusal (`blocked`)
    and what the database raises."""

    def __init__(self, tokens: Tokens, clock: Clock, sign_ins: SignIns, hosts: HostTokens | None = None) -> None:
        """`hosts` checks the tokens of sites that have users of their own."""
        self.blocked = Blocked(sign_ins)
        self._tokens = tokens
        self._hosts = hosts
        self._clock = clock
        self._sign_ins = sign_ins

    async def of_token(self, token: str, pool: str) -> Identity:
        """The bearer of a socket token, ours or a host site's. Raises Refusal (`bad_token`, `sign_in_unavailable`)."""
        now = self._clock.now_ms()
        try:
            if self._hosts and self._hosts.knows(token, pool):
                who = await self._hosts.verify(token, pool, now=now)
            else:
                who = self._tokens.verify(token, pool, now=now)
        except TokenRefused as refused:
            _log.info("sign_in_refused", why=refused.code)
            raise Refusal("bad_token") from None
        await self.blocked.check(who.pool, who.role, who.subject)
        return who

    async def of_cookie(self, header: str, pool: str, roles: Sequence[Member], *, secure: bool) -> Identity | None:
        """Whom a Cookie header shows: the first of `roles` that it carries; None when it carries none that holds."""
        now = self._clock.now_ms()
        try:
            who = cookies.read(self._tokens, header, pool, roles, now=now, secure=secure)
        except TokenRefused as refused:
            _log.info("sign_in_refused", why=refused.code)
            return None
        return None if who is None else await self._sign_ins.check(who, now)
