"""Signed tokens: who somebody is in one pool, for a short time. HS256, one issuer, an audience per use and pool."""

import secrets
from collections.abc import Sequence
from typing import Any, Literal, get_args

import jwt
from msgspec import Struct

Member = Literal["user", "expert", "operator"]
"""The roles that sign in; a guest has no token."""

ISSUER = "openline"
SOCKET_TTL_S = 900
TOKEN_MAX = 2048
"""Characters of the longest token that is looked at."""
SECRET_MIN = 32
"""Bytes of the shortest secret: as long as the digest of HS256 (RFC 7518, section 3.2)."""
SKEW_MS = 60_000
"""How far ahead the clock of another issuer may be."""
CLAIMS = ("iss", "aud", "iat", "exp", "jti", "sub", "pool", "role", "name")

Code = Literal[
    "malformed", "forged", "wrong_issuer", "wrong_audience", "expired", "not_yet", "lives_too_long", "bad_claims"
]


class TokenRefused(Exception):
    """The token was not accepted. `code` says why, for logs and tests; people are only told to sign in again."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code


class Identity(Struct, kw_only=True, frozen=True):
    """Who somebody is. `subject` is the id of the user, expert or operator; `expires_at` is in ms since 1970.

    `token_id` is the token's own id (`jti`), in a cookie that of the sign-in; `account` is "" for one without.
    """

    pool: str
    role: Member
    subject: str
    name: str
    expires_at: int
    token_id: str
    account: str = ""


class Secret(Struct, kw_only=True, frozen=True):
    """A signing key and the short name (`kid`) by which tokens call it."""

    kid: str
    value: bytes

    def __repr__(self) -> str:
        return f"Secret(kid={self.kid!r})"


class Tokens:
    """Issues and verifies. The first secret signs, all verify: rotate by putting a new one in front of the old."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        """Raises ValueError for no key, a short one, or two of one name."""
        if not keys or len({key.kid for key in keys}) != len(keys):
            raise ValueError("there must be at least one secret, each with a kid of its own")
        if any(len(key.value) < SECRET_MIN for key in keys):
            raise ValueError(f"a secret must have at least {SECRET_MIN} bytes")
        self._signer = keys[0]
        self._secrets = {key.kid: key.value for key in keys}

    def issue(
        self, pool: str, role: Member, subject: str, name: str = "", *, now: int, ttl_s: int = SOCKET_TTL_S
    ) -> str:
        """A token for the socket of `pool`, good from `now` (ms) for `ttl_s` seconds, 15 minutes at most."""
        if ttl_s > SOCKET_TTL_S:
            raise ValueError(f"a token for the socket lives {SOCKET_TTL_S} s at most")
        who = Identity(pool=pool, role=role, subject=subject, name=name, expires_at=0, token_id="")
        return self.sign(who, _socket(pool), now=now, ttl_s=ttl_s)

    def verify(self, token: str, pool: str, *, now: int) -> Identity:
        """Who the bearer of a socket token for `pool` is. Raises TokenRefused."""
        return self.check(token, _socket(pool), pool, now=now, ttl_max_s=SOCKET_TTL_S)

    def sign(self, who: Identity, audience: str, *, now: int, ttl_s: int) -> str:
        """A token for `audience` that says who `who` is; its end is new, and its id if `who` has none. Raises
        ValueError."""
        if ttl_s < 1 or who.role not in get_args(Member) or not who.subject or not who.pool:
            raise ValueError("a token needs a pool, a role that signs in, a subject and a life of a second or more")
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "iat": now // 1000,
            "exp": now // 1000 + ttl_s,
            "jti": who.token_id or secrets.token_urlsafe(12),
            "sub": who.subject,
            "pool": who.pool,
            "role": who.role,
            "name": who.name,
        }
        return jwt.encode(claims, self._signer.value, algorithm="HS256", headers={"kid": self._signer.kid})

    def seal(self, data: str, audience: str, *, now: int, ttl_s: int) -> str:
        """`data` in a token that a browser may keep and can't change; it can be read."""
        claims = {"iss": ISSUER, "aud": audience, "exp": now // 1000 + ttl_s, "data": data}
        return jwt.encode(claims, self._signer.value, algorithm="HS256", headers={"kid": self._signer.kid})

    def unseal(self, token: str, audience: str, *, now: int) -> str:
        """What was sealed for `audience`. Raises TokenRefused."""
        claims = self._decode(token, audience, ["iss", "aud", "exp", "data"])
        if type(claims["exp"]) is not int or not isinstance(claims["data"], str):
            raise TokenRefused("bad_claims")
        if claims["exp"] * 1000 <= now:
            raise TokenRefused("expired")
        return claims["data"]

    def check(self, token: str, audience: str, pool: str, *, now: int, ttl_max_s: int) -> Identity:
        """Who the bearer of a token for `audience` is. The clock is `now` (ms). Raises TokenRefused."""
        claims = self._decode(token, audience)
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) is not int or type(expires) is not int:
            raise TokenRefused("bad_claims")
        if expires * 1000 <= now:
            raise TokenRefused("expired")
        if issued * 1000 > now + SKEW_MS:
            raise TokenRefused("not_yet")
        if expires - issued > ttl_max_s:
            raise TokenRefused("lives_too_long")
        if claims["pool"] != pool:
            raise TokenRefused("wrong_audience")
        return _identity(claims)

    def _decode(self, token: str, audience: str, require: Sequence[str] = CLAIMS) -> dict[str, Any]:
        """The claims of a token whose signature, issuer and audience are right. Its times are not looked at."""
        key = self._key(token)
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["HS256"],
                audience=audience,
                issuer=ISSUER,
                options={
                    "require": list(require),
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            raise TokenRefused("forged") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("wrong_issuer") from None
        except jwt.InvalidAudienceError:
            raise TokenRefused("wrong_audience") from None
        except jwt.DecodeError:
            raise TokenRefused("malformed") from None
        except jwt.PyJWTError:
            raise TokenRefused("bad_claims") from None

    def _key(self, token: str) -> bytes:
        if len(token) > TOKEN_MAX:
            raise TokenRefused("malformed")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError):
            raise TokenRefused("malformed") from None
        key = self._secrets.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused("forged")
        return key


def _socket(pool: str) -> str:
    return f"openline:{pool}"


def _identity(claims: dict[str, Any]) -> Identity:
    texts = [claims[name] for name in ("sub", "name", "jti")]
    if claims["role"] not in get_args(Member) or not all(isinstance(text, str) for text in texts) or not claims["sub"]:
        raise TokenRefused("bad_claims")
    return Identity(
        pool=claims["pool"],
        role=claims["role"],
        subject=claims["sub"],
        name=claims["name"],
        expires_at=claims["exp"] * 1000,
        token_id=claims["jti"],
    )
