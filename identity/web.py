"""Small JSON documents of other servers, within bounds of time and size."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from identity.web_keys import Unreachable, is_loopback

if TYPE_CHECKING:
    import httpx

DOCUMENT_MAX: Final = 256 * 1024
DEADLINE_S: Final = 5.0


class Web:
    """Fetches small JSON documents. Follows no redirect: a place that moved has to be named anew."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._opening = asyncio.Lock()

    async def document(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON at `url`, within `DEADLINE_S`. Raises Unreachable."""
        return await self._ask("GET", url, headers=headers)

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Any:
        """The JSON that answers `body`. Raises Unreachable."""
        return await self._ask("POST", url, headers=headers, content=body)

    async def _ask(self, method: str, url: str, **more: Any) -> Any:
        client = await self._client(url)
        import httpx  # noqa: PLC0415 - loaded beside the loop by now

        try:
            async with asyncio.timeout(DEADLINE_S):
                async with client.stream(method, url, **more) as answer:
                    if answer.status_code != 200:
                        raise Unreachable(f"status {answer.status_code}")
                    return msgspec.json.decode(await _body(answer))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise Unreachable(repr(error)) from None
        except (msgspec.MsgspecError, RecursionError):
            raise Unreachable("no JSON") from None

    async def _client(self, url: str) -> "httpx.AsyncClient":
        """The client for `url`; a proxy of the environment is for others than our own machine."""
        own = is_loopback(urlsplit(url).hostname or "")
        async with self._opening:
            if own not in self._clients:
                # The library and its certificates take a quarter of a second, which nobody else should wait for.
                self._clients[own] = await asyncio.to_thread(_open, own)
        return self._clients[own]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


async def _body(answer: "httpx.Response") -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > DOCUMENT_MAX:
            raise Unreachable("too long")
    return bytes(body)


def _open(own: bool) -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - it takes long to load, and few servers ask others

    return httpx.AsyncClient(timeout=DEADLINE_S, trust_env=not own, headers={"accept": "application/json"})
