"""The public keys of another issuer: fixed ones, a file's, or those it publishes (JWKS), and what they have signed.

A key decides which algorithm it verifies; what a token's header says beside `alg` and `kid` is never followed.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import jwt
import msgspec
import structlog

from ground.errors import Refusal
from identity.tokens import TokenRefused

if TYPE_CHECKING:
    from identity.web import Web

Algorithm = Literal["RS256", "ES256", "EdDSA"]
"""Those whose public key is no secret; a key that could also be a shared secret is never looked at."""

TOKEN_MAX: Final = 8192
"""Characters of the longest token that is looked at."""
KEYS_MAX: Final = 100
FRESH_MS: Final = 600_000
"""So old may keys be before they are fetched again, beside their use."""
STALE_MAX_MS: Final = 24 * 3_600_000
"""So old may keys be that are used while their place does not answer."""
AGAIN_MS: Final = 30_000
"""At most so often is a place asked, whatever tokens name."""
RSA_BITS_MIN: Final = 2048
_log = structlog.get_logger("openline.web_keys")


class Unreachable(Exception):
    """A document did not come: no answer in time, a status that is no success, too long, or no JSON."""


class PublicKey(NamedTuple):
    """A key and the name by which tokens call it, "" when it has none."""

    kid: str
    jwk: jwt.PyJWK


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def check_url(url: str) -> str:
    """`url` when keys or sign-ins may come from there: https, or http on our own machine. Raises ValueError."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or plain):
        raise ValueError(f"{url!r} must be an https address (http only on this machine)")
    return url


def read_keys(document: Any, algorithms: Sequence[str]) -> list[PublicKey]:
    """The keys of a JWKS document that may verify one of `algorithms`; what is something else is passed over."""
    found = document.get("keys") if isinstance(document, dict) else None
    keys = (_public_key(one, algorithms) for one in found[:KEYS_MAX]) if isinstance(found, list) else ()
    return [key for key in keys if key]


def pem_key(text: str, algorithms: Sequence[str]) -> PublicKey:
    """A public key in PEM. Raises ValueError for what is none, or of none of `algorithms`."""
    if "PRIVATE" in text:
        raise ValueError("this is a private key: take its public half, and make a new pair")
    for name in algorithms:
        kind = jwt.get_algorithm_by_name(name)
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError):
            key = _public_key(kind.to_jwk(kind.prepare_key(text.encode()), as_dict=True), algorithms)
            if key:
                return key
    raise ValueError(f"no public key in PEM for any of {', '.join(algorithms)}")


def _public_key(one: Any, algorithms: Sequence[str]) -> PublicKey | None:
    if not isinstance(one, dict) or one.get("use", "sig") != "sig" or one.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    public = {name: one[name] for name in ("kty", "alg", "crv", "n", "e", "x", "y") if name in one}
    try:
        jwk = jwt.PyJWK.from_dict(public)
        long_enough = getattr(jwk.key, "key_size", RSA_BITS_MIN) >= RSA_BITS_MIN if one["kty"] == "RSA" else True
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if jwk.algorithm_name not in algorithms or not long_enough:
        return None
    kid = one.get("kid", "")
    return PublicKey(kid if isinstance(kid, str) else "", jwk)


class KeySource:
    """The keys of one issuer. Those of a `url` or a `file` are read when they are needed, kept, and read again."""

    def __init__(
        self, web: "Web", algorithms: Sequence[str], *, url: str = "", file: str = "", fixed: Iterable[PublicKey] = ()
    ) -> None:
        self._web = web
        self._algorithms = algorithms
        self._url = url
        self._file = file
        self._keys = list(fixed)
        self._read_at: int | None = None
        self._tried_at: int | None = None
        self._reading: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str, now: int) -> jwt.PyJWK:
        """The key that a token names; `now` in ms. A token may leave the name out when there is one key only.

        Raises TokenRefused (`forged`) for a name nobody knows, Refusal (`sign_in_unavailable`) while there are no keys.
        """
        key, age = self._pick(kid, algorithm), self._age(now)
        if key and age <= STALE_MAX_MS:
            if age > FRESH_MS:
                self._read(now)
            return key
        if reading := self._read(now):
            await asyncio.shield(reading)
        if self._age(now) > STALE_MAX_MS:
            raise Refusal("sign_in_unavailable")
        if key := self._pick(kid, algorithm):
            return key
        raise TokenRefused("forged")

    def _pick(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        keys = [key for key in self._keys if key.jwk.algorithm_name == algorithm]
        if len(self._keys) == 1 and keys and (kid is None or not keys[0].kid):
            return keys[0].jwk
        return next((key.jwk for key in keys if kid and key.kid == kid), None)

    def _age(self, now: int) -> int:
        if not self._url and not self._file:
            return 0
        return STALE_MAX_MS + 1 if self._read_at is None else now - self._read_at

    def _read(self, now: int) -> "asyncio.Task[None] | None":
        """The reading that is under way, or a new one if it may be."""
        if self._reading and not self._reading.done():
            return self._reading
        if not self._url and not self._file:
            return None
        if self._tried_at is not None and now - self._tried_at < AGAIN_MS:
            return None
        self._tried_at = now
        self._reading = asyncio.create_task(self._read_now(now))
        return self._reading

    async def _read_now(self, now: int) -> None:
        try:
            document = await (self._web.document(self._url) if self._url else asyncio.to_thread(_json_of, self._file))
            keys = read_keys(document, self._algorithms)
            if not keys:
                raise Unreachable("no keys that may be used")
        except Unreachable as error:
            _log.warning("keys_not_read", place=self._url or self._file, error=str(error))
            return
        self._keys, self._read_at = keys, now


def _json_of(path: str) -> Any:
    try:
        return msgspec.json.decode(Path(path).read_bytes())
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise Unreachable(repr(error)) from None


async def signed(token: str, keys: KeySource, algorithms: Sequence[str], now: int) -> dict[str, Any]:
    """The claims of a token that one of `keys` has signed; none is looked at. Raises TokenRefused, and as `find`."""
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    # Extensions that change what is signed, and tokens within tokens, have no use here.
    nested = str(header.get("cty", "")).upper() == "JWT"
    if algorithm not in algorithms or "crit" in header or "b64" in header or nested:
        raise TokenRefused("forged")
    key = await keys.find(kid, str(algorithm), now)
    try:
        return jwt.decode(token, key, algorithms=[key.algorithm_name], options={
            "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_iss": False,
            "verify_sub": False, "verify_jti": False,
        })  # fmt: skip
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
        raise TokenRefused("forged") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused("malformed") from None


def issuer_of(token: str) -> str:
    """Who a token says has issued it, unchecked: to find the one who can check it. "" when it says nothing."""
    if len(token) > TOKEN_MAX:
        return ""
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss", "")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return ""
    return issuer if isinstance(issuer, str) else ""


def _header(token: str) -> dict[str, Any]:
    if len(token) > TOKEN_MAX:
        raise TokenRefused("malformed")
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused("malformed") from None
