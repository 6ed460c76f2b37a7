"""From an HTTP request for an upgrade to an open socket, without an ASGI task.

uvicorn makes one `Handshake` per upgrade. It checks Host, Origin, the address's limits and the sub-protocol, answers,
hands the transport to a lean `Socket` and is gone.
"""

import http
from typing import Final, cast
from urllib.parse import parse_qs

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request, Response

from identity.tokens import Member
from server.connection import Connection
from server.door import Door
from server.limits import MESSAGE_BYTES
from server.origins import Came, WrongHost, WrongOrigin
from server.socket import Socket
from wire.codec import CODECS

PATH: Final = "/v1/ws"
# Whose cookie counts, by the `as` of the address: a browser may be signed in as several at once, one page each.
WANTED: Final[dict[str, tuple[Member, ...]]] = {
    "": ("user", "expert", "operator"),
    "guest": (),
    "user": ("user",),
    "expert": ("expert",),
    "operator": ("operator",),
}


class Rejected(Exception):
    """The upgrade is refused with this status."""

    def __init__(self, status: http.HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def _role_asked(query: str) -> str:
    try:
        return parse_qs(query, max_num_fields=8).get("as", [""])[0]
    except ValueError:
        return "too many fields"


def own_cookies(lines: list[str]) -> str:
    """Of the Cookie header only what signs in here: the page's other cookies are none of our business."""
    parts = [part.strip() for line in lines for part in line.split(";")]
    return "; ".join(part for part in parts if part.removeprefix("__Host-").startswith("openline-"))


class Handshake(WebSocketsSansIOProtocol):
    """The `ws` class of `uvicorn.Config`; the lifespan state holds the process's `door`."""

    socket: Socket | None = None

    def handle_connect(self, event: Request) -> None:
        door: Door = self.app_state["door"]
        self.handshake_initiated = True
        try:
            came, wants, cookies = self._check(door, event)
        except Rejected as rejected:
            self._reject(door, self.conn.reject(rejected.status, f"{rejected}\n"), rejected.status.phrase)
            return
        self.conn.available_subprotocols = list(CODECS)  # type: ignore[arg-type]
        response = self.conn.accept(event)
        if response.status_code != 101:
            self._reject(door, response, response.reason_phrase)
        elif not door.enter(came.network):
            self._reject(door, self.conn.reject(http.HTTPStatus.TOO_MANY_REQUESTS, "come again later\n"), "limit")
        else:
            self._open(door, response, came, wants, cookies)

    def _check(self, door: Door, request: Request) -> tuple[Came, tuple[Member, ...], str]:
        path, _, query = request.path.partition("?")
        if path != PATH:
            raise Rejected(http.HTTPStatus.NOT_FOUND, "no socket here")
        headers = request.headers
        wants = WANTED.get(_role_asked(query))
        if wants is None:
            raise Rejected(http.HTTPStatus.BAD_REQUEST, "as=guest, user, expert or operator")
        cookies = own_cookies(headers.get_all("Cookie")) if wants else ""
        try:
            came = door.gate.came(
                self.client[0] if self.client else "",
                headers.get_all("Host"),
                headers.get_all("X-Forwarded-For"),
                headers.get_all("X-Forwarded-Proto"),
                tls=self.scheme == "wss",
            )
            door.gate.check_origin(headers.get_all("Origin"), came, needed=bool(cookies))
        except WrongHost as wrong:
            raise Rejected(http.HTTPStatus.MISDIRECTED_REQUEST, str(wrong)) from None
        except WrongOrigin as wrong:
            raise Rejected(http.HTTPStatus.FORBIDDEN, str(wrong)) from None
        return came, wants, cookies

    def _reject(self, door: Door, response: Response, why: str) -> None:
        door.counts.rejected[why] += 1
        self.handshake_complete = True
        self.close_sent = True
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def _open(self, door: Door, response: Response, came: Came, wants: tuple[Member, ...], cookies: str) -> None:
        door.counts.handshakes += 1
        self.handshake_complete = True
        self.conn.max_message_size = MESSAGE_BYTES
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        now = door.now()
        codec = CODECS[cast(str, self.conn.subprotocol)]
        conn = Connection(codec, door.bounds, came, wants, cookies, now)
        self.connections.discard(self)
        door.open_sockets = self.connections
        self.socket = Socket(door, self.transport, self.conn, codec, conn, now)
        # uvicorn makes this object the transport's protocol right after the handshake; the next turn, the socket.
        self.loop.call_soon(self.transport.set_protocol, self.socket)

    # What may still reach this object before that turn belongs to the socket.

    def data_received(self, data: bytes) -> None:
        if self.socket is None:
            super().data_received(data)
        else:
            self.socket.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.socket is None:
            super().connection_lost(exc)
        else:
            self.socket.connection_lost(exc)

    def pause_writing(self) -> None:
        if self.socket is None:
            super().pause_writing()
        else:
            self.socket.pause_writing()

    def resume_writing(self) -> None:
        if self.socket is None:
            super().resume_writing()
        else:
            self.socket.resume_writing()
