"""Host sites' tokens that are none: every vector of host_tokens.json against the real server."""

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from identity.outside.settings import HostSite
from tests.identity.elsewhere import Key, Place, key, open_place
from tests.server.test_site import serving

VECTORS = json.loads((Path(__file__).parent / "host_tokens.json").read_text())
AUDIENCE = "https://openline.shop.example"
STRANGER = Key("RS256", "k1")


def b64(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(how: str, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token with exactly this header, which a library would refuse to make."""
    rsa = jwt.get_algorithm_by_name("RS512" if how == "rs512" else "RS256")
    payload: Any = claims
    if how == "nested":
        payload = key().sign(claims).encode()
    given = f"{b64(header)}.{b64(payload)}"
    secrets = {"hs_pem": key().pem.encode(), "hs_jwk": json.dumps(key().jwk).encode(), "hs_empty": b"", "hs_own": b"x"}
    if how == "none":
        return f"{given}."
    if how in secrets:
        hmac = jwt.get_algorithm_by_name(header["alg"])
        return f"{given}.{b64(hmac.sign(given.encode(), secrets[how]))}"
    if how == "es256":
        return f"{given}.{b64(jwt.get_algorithm_by_name('ES256').sign(given.encode(), key('ES256').private))}"
    signer = STRANGER if how == "stranger" else key()
    signature = b64(rsa.sign(given.encode(), signer.private))
    if how == "swapped":
        given = f"{b64(header)}.{b64(claims | {'sub': 'somebody else'})}"
    return {"cut": f"{given}.", "five": f"{given}.{signature}.AA.AA"}.get(how, f"{given}.{signature}")


def made(vector: dict[str, Any], evil_url: str) -> str:
    now = int(time.time())
    starts, ends = vector.get("times", (0, 600))
    claims = {"iss": "https://shop.example", "aud": AUDIENCE, "sub": "77", "iat": now + starts, "exp": now + ends}
    header = {"typ": "JWT", "alg": "RS256", "kid": "k1"} | vector.get("header", {})
    words = {"STRANGER": STRANGER.jwk, "EVIL_URL": evil_url, "AUDIENCE": AUDIENCE, "HUGE": "x" * 40_000}

    def filled(said: Any) -> Any:
        if isinstance(said, list):
            return [filled(part) for part in said]
        return words.get(said, said) if isinstance(said, str) else said

    header = {name: filled(said) for name, said in header.items()}
    claims |= {name: filled(said) for name, said in vector.get("claims", {}).items()}
    return signed(vector.get("sign", ""), header, {name: said for name, said in claims.items() if said is not None})


async def hello(port: int, token: str) -> tuple[dict[str, Any], int]:
    """What the server answers, and the code with which it closes (0: it doesn't)."""
    url, origin = f"ws://127.0.0.1:{port}/v1/ws", Origin(f"http://127.0.0.1:{port}")
    async with websockets.connect(url, subprotocols=[Subprotocol("openline.v1.json")], origin=origin) as ws:
        await ws.send(json.dumps({"t": "hello", "id": 1, "pool": "demo", "token": token}))
        answer = json.loads(await ws.recv())
        if answer["t"] == "welcome":
            return answer, 0
        await asyncio.wait_for(ws.wait_closed(), 10)
        return answer, ws.close_code or 0


@pytest.mark.parametrize("published", [True, False], ids=["published keys", "a key in PEM"])
async def test_every_vector(store_url: str, tmp_path: Path, published: bool) -> None:
    place, evil = Place(), Place()
    evil.keys = [STRANGER.jwk | {"kid": "evil"}]
    async with open_place(place), open_place(evil):
        given: dict[str, Any] = {"jwks_url": f"{place.url}/jwks"} if published else {"keys": [key().pem]}
        host = HostSite(
            pool="demo", issuer="https://shop.example", audience=AUDIENCE, prefix="shop", algorithms=["RS256"], **given
        )
        async with serving(store_url, tmp_path, host_sites=(host,)) as site:
            for vector in VECTORS:
                # A key in PEM has no name: there a token may call it anything.
                if not published and set(vector) == {"name", "header"} and isinstance(vector["header"].get("kid"), str):
                    continue
                answer, closed = await hello(site.port, made(vector, f"{evil.url}/jwks"))
                if vector.get("refused", True):
                    assert (answer["t"], closed) in (("refused", 4401), ("refused", 4400)), vector["name"]
                    assert answer["code"] in ("bad_token", "too_long"), vector["name"]
                else:
                    who = (answer["t"], answer["role"], answer["member"])
                    assert who == ("welcome", "user", "shop-77"), vector["name"]
        assert evil.asked == 0, "a token has made us ask another place"
