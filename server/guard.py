"""Who is asking: from a token or a cookie to a member whose sign-in still holds. The socket and HTTP ask here alike."""

from collections.abc import Sequence

import structlog

from ground.clock import Clock
from ground.errors import Refusal
from identity import cookies
from identity.host_tokens import HostTokens
from identity.sign_ins import SignIns
from identity.tokens import Identity, Member, TokenRefused, Tokens

_log = structlog.get_logger("openline.guard")


class Guard:
    """Checks tokens and cookies, and then the books: whether the cookie's sign-in holds, whether the member is blocked.
    That is one indexed read; who has neither token nor cookie costs none. Both raise Refusal (`blocked`) and what the
    database raises."""

    def __init__(self, tokens: Tokens, clock: Clock, sign_ins: SignIns, hosts: HostTokens | None = None) -> None:
        """`hosts` checks the tokens of sites that have users of their own."""
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
        await self._sign_ins.check_member(who.pool, who.role, who.subject)
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
