"""ARI's requests. Numbers and passwords travel in bodies and headers, never in an address, so no log has them."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from sessions.phone.asterisk.events import WANTED, Channel, bridges_of, channel_of, channels_of
from sessions.phone.asterisk.settings import AriSettings

REQUEST_S: Final = 5.0
TRIES: Final = 2
ANSWER_MAX: Final = 4 << 20
GONE: Final = 404
THERE_ALREADY: Final = 409
NOT_OURS_YET: Final = 422
"""A channel that was made or answered a moment ago may not have come to our application yet."""
COMES_S: Final = 2.0
ASK_AGAIN_S: Final = 0.05
Read = TypeVar("Read")


class AriFailed(Exception):
    """Asterisk refused, or can't be reached. `status` is HTTP's, 0 when there was no answer."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(f"{what}: {f'HTTP {status}' if status else 'no answer'}")
        self.status = status


class Ari:
    """The doors of ARI that we use. All may be repeated: everything has a name that we chose."""

    def __init__(self, settings: AriSettings) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.url,
            auth=httpx.BasicAuth(settings.user, settings.secret),
            timeout=REQUEST_S,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=10),
            trust_env=False,
        )

    async def originate(
        self, channel: str, app: str, endpoint: str, *, caller: str, seconds: int, lease_s: int
    ) -> None:
        """Ring an endpoint for at most `seconds`; when it answers, the channel comes to `app`. Raises AriFailed."""
        body = {
            "endpoint": endpoint,
            "app": app,
            "timeout": seconds,
            "variables": {"TIMEOUT(absolute)": str(lease_s)},
            **({"callerId": caller} if caller else {}),
        }
        await self._ask("POST", f"/channels/{quote(channel)}", body, fine=(THERE_ALREADY,))

    async def external_media(self, channel: str, app: str, at: str, codec: str, lease_s: int) -> Channel:
        """A channel whose sound goes to `at` by RTP, and comes from there. Raises AriFailed."""
        body = {
            "channelId": channel,
            "app": app,
            "external_host": at,
            "format": codec,
            "variables": {"TIMEOUT(absolute)": str(lease_s)},
        }
        return _read(await self._ask("POST", "/channels/externalMedia", body), channel_of)

    async def bridge(self, bridge: str, *channels: str) -> None:
        """Let channels hear each other, as soon as all have come to our application. Raises AriFailed."""
        await self._ask("POST", f"/bridges/{quote(bridge)}", {"type": "mixing"})
        path, until = f"/bridges/{quote(bridge)}/addChannel", asyncio.get_running_loop().time() + COMES_S
        while True:
            fine = (NOT_OURS_YET,) if asyncio.get_running_loop().time() < until else ()
            answer = await self._ask("POST", path, {"channel": channels}, fine)
            if answer.is_success:
                return
            await asyncio.sleep(ASK_AGAIN_S)

    async def hang_up(self, channel: str) -> None:
        """End a channel, ringing or answered; one that is gone is fine. Raises AriFailed."""
        await self._ask("DELETE", f"/channels/{quote(channel)}", fine=(GONE,))

    async def unbridge(self, bridge: str) -> None:
        """Take a bridge away; one that is gone is fine. Raises AriFailed."""
        await self._ask("DELETE", f"/bridges/{quote(bridge)}", fine=(GONE,))

    async def prolong(self, channel: str, lease_s: int) -> bool:
        """From now on Asterisk itself ends the channel after so many seconds. False: it's gone. Raises AriFailed."""
        body = {"variable": "TIMEOUT(absolute)", "value": str(lease_s)}
        answer = await self._ask("POST", f"/channels/{quote(channel)}/variable", body, fine=(GONE,))
        return answer.status_code != GONE

    async def channels(self) -> list[Channel]:
        """All channels of this Asterisk. Raises AriFailed."""
        return _read(await self._ask("GET", "/channels"), channels_of)

    async def bridges(self) -> list[str]:
        """The ids of all bridges of this Asterisk. Raises AriFailed."""
        return _read(await self._ask("GET", "/bridges"), bridges_of)

    async def only_what_we_want(self, app: str) -> None:
        """Ask to be sent nothing else; releases before 16.3 don't know that and send all. Raises AriFailed."""
        body = {"allowed": [{"type": kind} for kind in WANTED]}
        await self._ask("PUT", f"/applications/{quote(app)}/eventFilter", body, fine=(GONE,))

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: Any = None, fine: tuple[int, ...] = ()) -> httpx.Response:
        for left in reversed(range(TRIES)):
            try:
                async with asyncio.timeout(REQUEST_S):
                    answer = await self._once(method, path, body)
                break
            except (httpx.HTTPError, TimeoutError):
                if not left:
                    raise AriFailed(f"{method} {path}") from None
        if not (answer.is_success or answer.status_code in fine):
            raise AriFailed(f"{method} {path}", answer.status_code)
        return answer

    async def _once(self, method: str, path: str, body: Any) -> httpx.Response:
        request = self._client.build_request(method, path, json=body)
        answer = await self._client.send(request, stream=True)
        try:
            content = bytearray()
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > ANSWER_MAX:
                    raise httpx.DecodingError("the answer is too long", request=request)
        finally:
            await answer.aclose()
        return httpx.Response(answer.status_code, content=bytes(content), request=request)


def _read(answer: httpx.Response, decode: Callable[[bytes], Read]) -> Read:
    try:
        return decode(answer.content)
    except msgspec.MsgspecError:
        raise AriFailed("an answer of Asterisk can't be read") from None
