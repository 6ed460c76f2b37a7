"""Hosts, ranges, bodies, forwarded addresses and frames of other sites, on the real server's HTTP side."""

import asyncio
import time

import httpx
import pytest

from server.limits import Bounds, Rate
from server.origins import Gate
from tests.attacks.raw import asked, pipe
from tests.chaos.town import Town
from tests.server.rig import running
from tests.stories.talker import talking
from wire import messages

MIB = 1024 * 1024
HOSTS = [
    b"", b"evil.example", b"localhost.evil.example", b"evil.example:localhost", b"localhost@evil.example",
    b"evil.example@localhost", b"localhost:80:80", b"localhost:", b"localhost:port", b"localhost:999999",
    b"localhost/", b"localhost/../evil", b"localhost?x", b"localhost#x", b"localhost\\evil", b"localhost evil.example",
    b"[localhost]", b"[::1", b"::1", b"[::1]evil", b"127.0.0.1.nip.example", b"0x7f000001", b"2130706433", b"127.1",
    b"localhost,evil.example", b"localhost%00", b"localhost%0d%0aX: y", b"\xe2\x84\x93ocalhost", b"l\xd0\xbecalhost",
    b"*", b"null", b"localhost..", b"-",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
async def test_a_malformed_host_gets_no_page_and_no_socket(site: Town, host: bytes) -> None:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: openline.v1.json\r\n"
    for path, more in ((b"/p/demo", b""), (b"/v1/ws", upgrade)):
        answer = await asked(site.ports[0], b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (path, host, more))
        assert answer[9:12] in (b"421", b"400"), answer
        assert host not in answer or not host or host in b"localhost: null*-"


@pytest.mark.parametrize(
    "lines",
    [b"", b"Host: localhost\r\nHost: evil.example\r\n", b"Host: localhost\r\nHost: localhost\r\n",
     b"Host: evil.example\r\nX-Forwarded-Host: localhost\r\n", b"Forwarded: host=localhost\r\n"],
    ids=["none", "two", "twice", "forwarded-host", "forwarded"],
)  # fmt: skip
async def test_one_host_is_needed_and_no_other_header_names_it(site: Town, lines: bytes) -> None:
    answer = await asked(site.ports[0], b"GET /sign-in HTTP/1.1\r\n%s\r\n" % lines)
    assert answer[9:12] in (b"421", b"400"), answer


async def test_the_host_of_the_request_line_is_not_believed(site: Town) -> None:
    answer = await asked(site.ports[0], b"GET http://evil.example/sign-in HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert answer[9:12] in (b"421", b"400", b"404")


async def test_ten_thousand_ranges_cost_nothing(site: Town) -> None:
    pool = await site.new_pool("ada")
    ranges = ",".join(f"{n}-{n}" for n in range(10_000))
    async with (
        httpx.AsyncClient(base_url=site.books.base, trust_env=False) as http,
        talking(site.ports[0], pool) as honest,
    ):
        worst, attack = 0.0, asyncio.gather(*(ask_ranges(http, ranges) for _ in range(20)))
        while not attack.done():
            began = time.perf_counter()
            await honest.ask(messages.Watch, all=True)
            worst = max(worst, time.perf_counter() - began)
            await asyncio.wait({attack}, timeout=0.06)  # as often as one connection may
        assert set(await attack) <= {200, 400, 404, 416, 431} and worst < 1.0
        plain = await http.get("/sign-in.js")
        ranged = await http.get("/sign-in.js", headers={"range": "bytes=0-0,0-1,1-2,0-9"})
        assert (ranged.status_code, ranged.content) == (plain.status_code, plain.content)


async def ask_ranges(http: httpx.AsyncClient, ranges: str) -> int:
    try:
        return (await http.get("/sign-in.js", headers={"range": f"bytes={ranges}"})).status_code
    except httpx.RemoteProtocolError:
        return 400


@pytest.mark.parametrize("length", ["Content-Length: 209715200", "Transfer-Encoding: chunked"], ids=["told", "chunked"])
async def test_two_hundred_megabytes_are_answered_at_once_and_kept_nowhere(site: Town, length: str) -> None:
    pool, before = await site.new_pool("ada"), site.rss()
    async with talking(site.ports[0], pool) as honest:
        post = asyncio.create_task(post_without_end(site.ports[0], length))
        worst = 0.0
        while not post.done():
            began = time.perf_counter()
            await honest.ask(messages.Watch, all=True)
            worst = max(worst, time.perf_counter() - began)
            await asyncio.wait({post}, timeout=0.06)  # as often as one connection may
        assert (await post)[9:12] == b"413" and worst < 1.0
    assert site.rss() - before < 48 * MIB, "a quarter of it at most, with what a server that is new takes for itself"


async def post_without_end(port: int, length: str) -> bytes:
    """Send a body of 200 MB, and return the beginning of the answer, which has to come long before its end."""
    reader, writer = await pipe(port)
    lines = ["POST /v1/sign-in HTTP/1.1", f"Host: localhost:{port}", f"Origin: http://localhost:{port}", length, "", ""]
    writer.write("\r\n".join(lines).encode())
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if length.startswith("T") else b"x" * 65_536
    answer = asyncio.create_task(reader.read(4096))
    try:
        for _ in range(3200):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass  # it may also hang up
    async with asyncio.timeout(5):
        return await answer


async def test_rotating_forwarded_addresses_does_not_beat_the_limit() -> None:
    gate = Gate(("127.0.0.1",), (), ("127.0.0.1",))
    bounds = Bounds(handshakes_per_address=Rate(5, 0.001))
    async with running(bounds, gate) as rig:
        statuses = [
            await rig.handshake(f"X-Forwarded-For: {forged}, 203.0.113.9")
            for forged in [f"198.51.100.{n}" for n in range(17)] + ["127.0.0.1", "::1", "unknown"]
        ]
        assert statuses == [101] * 5 + [429] * 15
        assert await rig.handshake("X-Forwarded-For: 203.0.113.10") == 101, "another household still may"
        several = [await rig.handshake("X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 203.0.113.9") for _ in range(2)]
        assert several == [429, 429]


async def test_only_visitors_pages_may_be_framed_and_only_by_named_sites(site: Town) -> None:
    pool = await site.new_pool("ada")
    async with httpx.AsyncClient(base_url=site.books.base, trust_env=False) as http:
        for path, may in (
            (f"/p/{pool}", True),
            (f"/p/{pool}/expert", False),
            (f"/p/{pool}/operator", False),
            ("/sign-in", False),
        ):
            answer = await http.get(path, headers={"referer": "https://shop.example/"})
            ancestors = answer.headers["content-security-policy"].partition("frame-ancestors ")[2]
            assert ancestors == ("'self' https://shop.example" if may else "'self'"), path


async def test_no_header_of_the_answer_is_written_by_the_request(site: Town) -> None:
    async with httpx.AsyncClient(base_url=site.books.base, trust_env=False) as http:
        for path in ("/p/x%0d%0aSet-Cookie:%20a=b", "/%0d%0aX-Evil:%201", "/v1/pools/x%0d%0aX-Evil:%201/experts"):
            answer = await http.get(path, headers={"x-request-id": "evil", "x-evil": "1"})
            assert "set-cookie" not in answer.headers and "x-evil" not in answer.headers
            assert answer.headers["x-request-id"] != "evil"
