"""Texts to telephones, by way of the operator's own sender: a signed HTTP request for each.

The request is a POST of JSON, `{"id", "number", "text", "language"}`, with the header `openline-signature:
t=<seconds since 1970>,v1=<hex>`, where the hex digits are HMAC-SHA256 of `<t>.<body>` with the shared secret. Any
status from 200 to 299 says that it was taken. A repeat has the same `id`.
"""

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    import httpx

DEADLINE_S: Final = 5.0
SIGNATURE: Final = "openline-signature"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """The sender did not take it. The text says why, and never names the number."""


class Texts:
    """Sends texts through `url`, signed with `secret`. Follows no redirect: a sender that moved is to be named anew."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret.encode()
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def send(self, number: str, text: str, language: str, name: str, now: int) -> None:
        """Have `text` sent to `number`; `name` is the same for a repeat, `now` in ms. Raises NotSent."""
        body = msgspec.json.encode({"id": name, "number": number, "text": text, "language": language})
        headers = {"content-type": "application/json", SIGNATURE: signature(self._secret, now // 1000, body)}
        client = await self._opened()
        import httpx  # noqa: PLC0415 - loaded beside the loop by now

        try:
            async with (
                asyncio.timeout(DEADLINE_S),
                client.stream("POST", self._url, content=body, headers=headers) as it,
            ):
                status = it.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise NotSent(type(error).__name__) from None
        if not 200 <= status < 300:
            raise NotSent(f"status {status}")

    async def _opened(self) -> "httpx.AsyncClient":
        async with self._opening:
            if self._client is None:
                own = urlsplit(self._url).hostname in LOOPBACK
                self._client = await asyncio.to_thread(_open, own)  # the library takes long to load
            return self._client

    async def close(self) -> None:
        """Ends what is open."""
        if self._client is not None:
            await self._client.aclose()


def signature(secret: bytes, seconds: int, body: bytes) -> str:
    """What the header says."""
    digest = hmac.new(secret, str(seconds).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _open(own: bool) -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - few servers send texts

    return httpx.AsyncClient(timeout=DEADLINE_S, trust_env=not own)
