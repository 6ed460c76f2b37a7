"""Who is asking: from a token or a cookie to a member whose sign-in still holds. The socket and HTTP ask here alike."""

from collections.abc import Sequence

import structlog

from ground.clock import Clock
from ground.errors import Refusal
from identity import cookies
from identity.tokens import Identity, Member, TokenRefused, Tokens

_log = structlog.get_logger("openline.guard")


class Guard:
    """Checks tokens and cookies."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    async def of_token(self, token: str, pool: str) -> Identity:
        """The bearer of a socket token. Raises Refusal (`bad_token`)."""
        try:
            return self._tokens.verify(token, pool, now=self._clock.now_ms())
        except TokenRefused as refused:
            _log.info("sign_in_refused", why=refused.code)
            raise Refusal("bad_token") from None

    async def of_cookie(self, header: str, pool: str, roles: Sequence[Member], *, secure: bool) -> Identity | None:
        """Whom a Cookie header shows: the first of `roles` that it carries; None when it carries none that holds."""
        try:
            return cookies.read(self._tokens, header, pool, roles, now=self._clock.now_ms(), secure=secure)
        except TokenRefused as refused:
            _log.info("sign_in_refused", why=refused.code)
            return None
