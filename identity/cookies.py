"""The sign-in of a browser: an HttpOnly cookie that holds a signed token of its own audience.

One cookie for each pool and role, so that an expert can look at the directory as a user in the next tab.
"""

from collections.abc import Sequence

from identity.tokens import Identity, Member, TokenRefused, Tokens

AUDIENCE = "openline-cookie"
TTL_S = 12 * 3600
USER_TTL_S = 30 * 86_400
"""Users stay signed in for longer than a shift; who may do more than they is asked again every day."""
HEADER_MAX = 16_384
"""Characters of the longest Cookie header that is looked at."""


def cookie_name(pool: str, role: Member, *, secure: bool) -> str:
    """`__Host-` makes the browser refuse the cookie from other hosts and plain http (RFC 6265bis, section 4.1.3.2)."""
    return f"{'__Host-' if secure else ''}openline-{role}-{pool}"


def sign_in(tokens: Tokens, who: Identity, *, now: int, secure: bool) -> str:
    """The value of a Set-Cookie header that signs `who` in until `who.expires_at` (0: for `TTL_S` seconds). `secure`:
    the page came by https."""
    ttl_s = (who.expires_at - now) // 1000 if who.expires_at else TTL_S
    token = tokens.sign(who, AUDIENCE, now=now, ttl_s=ttl_s)
    return _header(cookie_name(who.pool, who.role, secure=secure), token, ttl_s, secure)


def sign_out(pool: str, role: Member, *, secure: bool) -> str:
    """The value of a Set-Cookie header that takes the cookie away."""
    return _header(cookie_name(pool, role, secure=secure), "", 0, secure)


def read(tokens: Tokens, header: str, pool: str, roles: Sequence[Member], *, now: int, secure: bool) -> Identity | None:
    """Who a Cookie header says the browser is in `pool`: the first of `roles` that it carries, or None.

    Raises TokenRefused when it carries one that is not accepted (expired, of an older secret, tampered with).
    """
    values = _values(header)
    for role in roles:
        token = values.get(cookie_name(pool, role, secure=secure))
        if token:
            who = tokens.check(token, AUDIENCE, pool, now=now, ttl_max_s=USER_TTL_S)
            if who.role != role:
                raise TokenRefused("bad_claims")
            return who
    return None


def _header(name: str, value: str, max_age: int, secure: bool) -> str:
    return f"{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def _values(header: str) -> dict[str, str]:
    if len(header) > HEADER_MAX:
        raise TokenRefused("malformed")
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _equals, value in pairs}
