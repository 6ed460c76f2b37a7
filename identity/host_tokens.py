"""The users of a host site that has accounts of its own: short-lived JWTs which the site signs and we only verify."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from identity.outside.settings import HostSite, fixed_keys
from identity.tokens import SKEW_MS, SOCKET_TTL_S, Identity, Member, TokenRefused
from identity.web import Web
from identity.web_keys import KeySource, issuer_of, signed

SUB_MAX: Final = 255
NAME_MAX: Final = 100
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_DIGEST: Final = "h_"


class HostTokens:
    """Checks the tokens of all sites."""

    def __init__(self, sites: Sequence[HostSite], web: Web) -> None:
        """`sites` without a `problem`."""
        self._sites = {(site.pool, site.issuer): site for site in sites}
        self._keys = {
            key: KeySource(web, site.algorithms, url=site.jwks_url, file=site.jwks_file, fixed=fixed_keys(site))
            for key, site in self._sites.items()
        }

    def knows(self, token: str, pool: str) -> bool:
        """Whether the token says that it is of a site of `pool`; nothing of it is believed yet."""
        return bool(self._sites) and (pool, issuer_of(token)) in self._sites

    async def verify(self, token: str, pool: str, *, now: int) -> Identity:
        """Who the bearer is in `pool`; `now` in ms.

        Raises TokenRefused, and Refusal (`sign_in_unavailable`) while the site's keys can't be had.
        """
        site = self._sites.get((pool, issuer_of(token)))
        if site is None:
            raise TokenRefused("wrong_issuer")
        claims = await signed(token, self._keys[pool, site.issuer], site.algorithms, now)
        if claims.get("iss") != site.issuer:
            raise TokenRefused("wrong_issuer")
        if claims.get("aud") not in (site.audience, [site.audience]):
            raise TokenRefused("wrong_audience")
        expires_at = _times(claims, now)
        return _identity(site, claims, expires_at)


def _times(claims: dict[str, Any], now: int) -> int:
    """When the token ends (ms): a time that it must name, at most 15 minutes after the one at which it was made."""
    issued, expires, not_before = (ms_of(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None or expires is None:
        raise TokenRefused("bad_claims")
    if expires <= now:
        raise TokenRefused("expired")
    if max(issued, not_before or 0) > now + SKEW_MS:
        raise TokenRefused("not_yet")
    if expires - issued > SOCKET_TTL_S * 1000:
        raise TokenRefused("lives_too_long")
    return expires


def ms_of(claims: dict[str, Any], name: str) -> int | None:
    """A claim that is a time, in ms; None when it is not there. Raises TokenRefused for one that is no time."""
    value = claims.get(name)
    if value is None:
        return None
    # Half seconds are allowed (RFC 7519, section 2); what is too big or no number at all is not.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise TokenRefused("bad_claims")
    return int(value * 1000)


def _identity(site: HostSite, claims: dict[str, Any], expires_at: int) -> Identity:
    subject, name, token_id = (claims.get(key, "") for key in ("sub", "name", "jti"))
    if not isinstance(subject, str) or not 0 < len(subject) <= SUB_MAX or not isinstance(token_id, str):
        raise TokenRefused("bad_claims")
    return Identity(
        pool=site.pool,
        role=_role(site, claims),
        subject=subject_of(site.prefix, subject),
        name=clean_name(name),
        expires_at=expires_at,
        token_id=token_id[:100],
    )


def _role(site: HostSite, claims: dict[str, Any]) -> Member:
    said = claims.get(site.role_claim) if site.role_claim else None
    return site.roles.get(said, site.role) if isinstance(said, str) else site.role


def subject_of(prefix: str, subject: str) -> str:
    """Our id for another issuer's subject: itself behind the prefix, or its digest when it can't be part of an id."""
    if _PLAIN.fullmatch(subject) and not subject.startswith(_DIGEST):
        return f"{prefix}-{subject}"
    return f"{prefix}-{_DIGEST}{sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def clean_name(name: Any) -> str:
    """A name to show: one line, without what no name holds."""
    if not isinstance(name, str):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name[:500]).split())[:NAME_MAX]
