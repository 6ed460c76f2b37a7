"""Texts go to the operator's sender, signed, and what goes wrong there is named."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from sessions.phone.texts import SIGNATURE, NotSent, Texts, signature

SECRET = "shared between two"


class Sender:
    """An HTTP server that takes texts, and answers with a status."""

    def __init__(self) -> None:
        self.status, self.heads, self.bodies = 204, list[dict[str, str]](), list[bytes]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.splitlines()[1:])}
        self.heads.append(fields)
        self.bodies.append(await reader.readexactly(int(fields["content-length"])))
        location = "location: http://127.0.0.1:1/\r\n" if self.status == 307 else ""
        writer.write(f"HTTP/1.1 {self.status} So\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def sending() -> AsyncIterator[tuple[Sender, Texts]]:
    sender = Sender()
    server = await asyncio.start_server(sender.serve, "127.0.0.1", 0)
    texts = Texts(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send", SECRET)
    try:
        yield sender, texts
    finally:
        await texts.close()
        server.close()
        await server.wait_closed()


async def test_a_text_is_signed_and_carries_its_name() -> None:
    async with sending() as (sender, texts):
        await texts.send("+4915112345678", "123456 ist Ihr Code.", "de", "code/1", 1_800_000_000_500)
    (body,), (head,) = sender.bodies, sender.heads
    assert msgspec.json.decode(body) == {
        "id": "code/1", "number": "+4915112345678", "text": "123456 ist Ihr Code.", "language": "de",
    }  # fmt: skip
    assert head[SIGNATURE] == signature(SECRET.encode(), 1_800_000_000, body)
    assert signature(b"another", 1_800_000_000, body) != head[SIGNATURE]


@pytest.mark.parametrize("status", [400, 403, 500, 307])
async def test_what_is_not_taken_is_not_sent_and_redirects_lead_nowhere(status: int) -> None:
    async with sending() as (sender, texts):
        sender.status = status
        with pytest.raises(NotSent, match=str(status)):
            await texts.send("+4915112345678", "x", "en", "code/1", 0)
        assert len(sender.bodies) == 1


async def test_a_sender_that_is_not_there_is_named() -> None:
    texts = Texts("http://127.0.0.1:9/send", SECRET)
    with pytest.raises(NotSent) as failed:
        await texts.send("+4915112345678", "x", "en", "code/1", 0)
    await texts.close()
    assert "+49" not in str(failed.value)
