"""Sign-in at an OpenID provider: the authorization code flow with PKCE, state and nonce.

Between leaving and coming back everything is in a sealed cookie of the browser that left, so that nobody else can come
back with its state; that a state comes back once only is for `identity/outside/logins.py` to hold.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from msgspec import Struct, ValidationError, convert

from ground.errors import Refusal
from identity.host_tokens import clean_name, ms_of
from identity.outside.settings import Provider
from identity.tokens import SKEW_MS, TokenRefused
from identity.web import Web
from identity.web_keys import AGAIN_MS, STALE_MAX_MS, KeySource, Unreachable, check_url, signed

PENDING_S: Final = 600
"""How long somebody may take at the provider."""
SUB_MAX: Final = 255
METADATA_MS: Final = 3_600_000
"""How long what the provider says of itself is believed."""
CODE_MAX: Final = 2048


class Pending(Struct, frozen=True, kw_only=True):
    """Somebody who has left for the provider. Sealed in the browser's cookie."""

    pool: str
    role: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Person(Struct, frozen=True, kw_only=True):
    """Whom the provider has signed in. `email` is "" unless the provider has verified it."""

    issuer: str
    subject: str
    email: str
    name: str


class _Metadata(Struct, frozen=True):
    """What we need of the provider's own description (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class Oidc:
    """The providers of all pools."""

    def __init__(self, providers: Sequence[Provider], web: Web) -> None:
        """`providers` without a `problem`."""
        self._of = {pool: _Client(provider, web) for provider in providers for pool in provider.pools}

    def provider(self, pool: str) -> Provider | None:
        """The provider of a pool."""
        client = self._of.get(pool)
        return client.provider if client else None

    async def start(self, pool: str, role: str, redirect_uri: str, *, now: int) -> tuple[str, Pending]:
        """Where to send the browser, and what it has to bring back. Refused `no_such_provider`,
        `sign_in_unavailable`."""
        pending = Pending(
            pool=pool, role=role, issuer=self._client(pool).provider.issuer, redirect_uri=redirect_uri,
            state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48),
        )  # fmt: skip
        return await self._client(pool).start(pending, now), pending

    async def finish(self, pending: Pending, answer: Mapping[str, str], *, now: int) -> Person:
        """Whom the provider's `answer` (the query of the callback) signs in. `pending` is of the same browser.

        Refused `sign_in_failed` (its detail is for the log), `sign_in_unavailable`.
        """
        client = self._client(pending.pool)
        if client.provider.issuer != pending.issuer:
            raise Refusal("sign_in_failed", "another provider by now")
        return await client.finish(pending, answer, now)

    def _client(self, pool: str) -> "_Client":
        if pool not in self._of:
            raise Refusal("no_such_provider")
        return self._of[pool]


class _Client:
    """We before one provider."""

    def __init__(self, provider: Provider, web: Web) -> None:
        self.provider = provider
        self._web = web
        self._known: tuple[int, _Metadata, KeySource] | None = None
        self._tried_at: int | None = None

    async def start(self, pending: Pending, now: int) -> str:
        metadata, _keys = await self._metadata(now)
        url: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=self.provider.client_id,
            response_type="code",
            redirect_uri=pending.redirect_uri,
            scope=self.provider.scope,
            state=pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),
            code_challenge_method="S256",
        )
        return url

    async def finish(self, pending: Pending, answer: Mapping[str, str], now: int) -> Person:
        metadata, keys = await self._metadata(now)
        code = _code(pending, answer, metadata)
        try:
            tokens = await self._exchange(metadata, pending, code)
            claims = await signed(str(tokens.get("id_token", "")), keys, self.provider.algorithms, now)
            _check(claims, pending, self.provider, now)
            if not claims.get("email") and metadata.userinfo_endpoint:
                claims = claims | await self._userinfo(metadata, tokens, claims["sub"])
        except TokenRefused as refused:
            raise Refusal("sign_in_failed", f"id token: {refused.code}") from None
        except Unreachable as error:
            raise Refusal("sign_in_failed", str(error)) from None
        return _person(claims)

    async def _exchange(self, metadata: _Metadata, pending: Pending, code: str) -> dict[str, Any]:
        """The code for tokens (RFC 6749, section 4.1.3)."""
        given = {"redirect_uri": pending.redirect_uri, "code": code, "code_verifier": pending.verifier}
        body = prepare_token_request("authorization_code", **given)
        auth = ClientAuth(self.provider.client_id, self.provider.client_secret, self._method(metadata))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url, headers, body = auth.prepare("POST", metadata.token_endpoint, headers, body)
        tokens = await self._web.post(url, headers, body)
        if not isinstance(tokens, dict):
            raise Unreachable("no tokens")
        return tokens

    def _method(self, metadata: _Metadata) -> str:
        if not self.provider.client_secret:
            return "none"
        offered = metadata.token_endpoint_auth_methods_supported
        return "client_secret_basic" if "client_secret_basic" in offered or not offered else "client_secret_post"

    async def _userinfo(self, metadata: _Metadata, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        """Address and name from the provider's userinfo, for one who keeps them out of the token."""
        bearer = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
        told = await self._web.document(metadata.userinfo_endpoint, bearer)
        if not isinstance(told, dict) or told.get("sub") != subject:
            raise Unreachable("userinfo of somebody else")
        return {name: told[name] for name in ("email", "email_verified", "name") if name in told}

    async def _metadata(self, now: int) -> tuple[_Metadata, KeySource]:
        """What the provider says of itself; what it said lately while it does not answer."""
        age = now - self._known[0] if self._known else STALE_MAX_MS + 1
        if age > METADATA_MS and (self._tried_at is None or now - self._tried_at >= AGAIN_MS):
            self._tried_at = now
            try:
                self._known = now, *await self._discover()
            except Unreachable as error:
                if age > STALE_MAX_MS:
                    self._tried_at = None
                    raise Refusal("sign_in_unavailable", str(error)) from None
        if self._known is None:
            raise Refusal("sign_in_unavailable")
        return self._known[1], self._known[2]

    async def _discover(self) -> tuple[_Metadata, KeySource]:
        issuer = self.provider.issuer
        metadata = _metadata_of(await self._web.document(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if metadata.issuer != issuer:
            raise Unreachable("the description is another issuer's")
        if self._known and self._known[1].jwks_uri == metadata.jwks_uri:
            return metadata, self._known[2]
        return metadata, KeySource(self._web, self.provider.algorithms, url=metadata.jwks_uri)


def _metadata_of(document: Any) -> _Metadata:
    try:
        metadata = convert(document, _Metadata)
        for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            check_url(url)
        if metadata.userinfo_endpoint:
            check_url(metadata.userinfo_endpoint)
    except (ValidationError, ValueError) as error:
        raise Unreachable(f"description: {error}") from None
    return metadata


def _code(pending: Pending, answer: Mapping[str, str], metadata: _Metadata) -> str:
    """The code of an answer to this question, from this provider (RFC 9207)."""
    if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise Refusal("sign_in_failed", "state")
    issuer = answer.get("iss", "")
    if (issuer or metadata.authorization_response_iss_parameter_supported) and issuer != pending.issuer:
        raise Refusal("sign_in_failed", "issuer of the answer")
    code = answer.get("code", "")
    if answer.get("error") or not 0 < len(code) <= CODE_MAX:
        raise Refusal("sign_in_failed", f"provider: {answer.get('error', 'no code')[:60]}")
    return code


def _check(claims: dict[str, Any], pending: Pending, provider: Provider, now: int) -> None:
    """The rules of OpenID Connect Core 1.0, section 3.1.3.7. Raises TokenRefused."""
    audience, azp = claims.get("aud"), claims.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != pending.issuer:
        raise TokenRefused("wrong_issuer")
    if provider.client_id not in audiences or (len(audiences) > 1 and azp is None):
        raise TokenRefused("wrong_audience")
    if azp is not None and azp != provider.client_id:
        raise TokenRefused("wrong_audience")
    expires, issued = ms_of(claims, "exp"), ms_of(claims, "iat")
    if expires is None or issued is None:
        raise TokenRefused("bad_claims")
    if expires + SKEW_MS <= now:
        raise TokenRefused("expired")
    if issued > now + SKEW_MS:
        raise TokenRefused("not_yet")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode()):
        raise TokenRefused("forged")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUB_MAX:
        raise TokenRefused("bad_claims")


def _person(claims: dict[str, Any]) -> Person:
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    name = clean_name(claims.get("name")) or clean_name(claims.get("preferred_username"))
    return Person(issuer=claims["iss"], subject=claims["sub"], email=str(email) if verified else "", name=name)
