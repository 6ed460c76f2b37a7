"""Accounts kept elsewhere, for real: keys, a place that publishes them over HTTP, and a small OpenID provider."""

import asyncio
import base64
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import jwt
import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.listening import listening


class Key:
    """A key pair with a name."""

    def __init__(self, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        made: Any = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[algorithm]()
        self.private = made
        public = made.public_key()
        encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = public.public_bytes(encoding, kind).decode()
        plain = serialization.NoEncryption()
        self.private_pem = made.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain).decode()
        self.jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True) | {"kid": kid, "use": "sig"}

    def sign(self, claims: Any, **header: Any) -> str:
        """A token; a header of None is left out."""
        given = {"kid": self.kid} | header
        headers = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers=headers)


@cache
def key(algorithm: str = "RS256", kid: str = "k1") -> Key:
    """The key of that name, made once."""
    return Key(algorithm, kid)


class Place:
    """A place that publishes keys, and counts who asks. What it says can be changed under way."""

    def __init__(self) -> None:
        self.keys: list[Any] = [key().jwk]
        self.asked = 0
        self.status = 200
        self.body: bytes | None = None
        self.delay_s = 0.0
        self.url = ""

    def routes(self) -> list[Route]:
        return [Route("/jwks", self._jwks)]

    async def _jwks(self, _request: Request) -> Response:
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        if 300 <= self.status < 400:
            return RedirectResponse("/elsewhere", self.status)
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        return Response(body, self.status, media_type="application/json")


@contextlib.asynccontextmanager
async def open_place(place: Any) -> AsyncIterator[Any]:
    """`place` on a port of the loopback interface; its `url` says where."""
    settings = uvicorn.Config(Starlette(routes=place.routes()), log_level="error", lifespan="off")
    async with listening(settings) as port:
        place.url = f"http://127.0.0.1:{port}"
        yield place


class OpenId(Place):
    """An OpenID provider at which `person` is signed in already. `spoil` changes what it puts into its tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.person: dict[str, Any] = {"sub": "248289761001", "name": "Jane Doe"}
        self.client = ("openline", "s3cret: of/ours")
        self.signer = key()
        self.issuer = ""
        self.spoil: dict[str, Any] = {}
        self.userinfo_only = False
        self._codes: dict[str, dict[str, str]] = {}

    def routes(self) -> list[Route]:
        return [
            *super().routes(),
            Route("/.well-known/openid-configuration", self._description),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]

    async def _description(self, _request: Request) -> Response:
        place = self.url
        return JSONResponse({
            "issuer": self.issuer or place, "authorization_endpoint": f"{place}/authorize",
            "token_endpoint": f"{place}/token", "jwks_uri": f"{place}/jwks", "userinfo_endpoint": f"{place}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"], "response_types_supported": ["code"],
            "authorization_response_iss_parameter_supported": True,
        })  # fmt: skip

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == self.client[0] and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer or self.url}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        said = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if tuple(unquote(part) for part in said.split(":", 1)) != self.client:
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self._codes.pop(form.get("code", ""), None)
        if not asked or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer or self.url, "aud": self.client[0], "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], "sub": self.person["sub"]} | ({} if self.userinfo_only else self.person)
        claims = {name: value for name, value in (claims | self.spoil).items() if value is not None}
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self.signer.sign(claims)})

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer at"
        return JSONResponse(self.person)
