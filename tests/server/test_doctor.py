"""The doctor before real stores, databases, ports, STUN and mail servers."""

import asyncio
import socket
from pathlib import Path
from typing import cast
from urllib.parse import quote

import msgspec
import pytest

from ground.sql import Database
from server import doctor_net
from server.config import IceServer, load
from server.doctor import examine
from server.embedded_run import owned
from server.findings import Finding
from tests.mail.post import PASSWORD, USER, post_office
from tests.ports import free_port
from tests.processor import processor


def by_subject(found: list[Finding]) -> dict[str, Finding]:
    return {one.subject: one for one in found}


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    return free_port()


async def test_a_fresh_machine_is_well(tmp_path: Path, free_port: int) -> None:
    found = by_subject(await examine(load({"state_dir": tmp_path, "port": free_port}, {}), {}))
    assert "fail" not in {one.verdict for one in found.values()}, found
    assert found["embedded store"].verdict == "ok"
    assert found["store functions"].verdict == "ok"
    assert found["clock"].verdict == "ok"
    assert "empty" in found["database schema"].text


async def test_it_asks_the_store_of_the_running_server(tmp_path: Path, free_port: int) -> None:
    config = load({"state_dir": tmp_path, "port": free_port}, {})
    with owned(config) as ready:
        found = by_subject(await examine(config, {}))
        assert found["store"].verdict == "ok"
        assert Path(ready.store.removeprefix("unix://")).exists()


async def test_a_migrated_database_is_known(tmp_path: Path, free_port: int) -> None:
    config = load({"state_dir": tmp_path, "port": free_port}, {})
    db = await Database.open(config.database)
    await db.migrate()
    await db.close()
    assert by_subject(await examine(config, {}))["database schema"].verdict == "ok"


async def test_dead_addresses_are_named_without_their_passwords(tmp_path: Path, free_port: int) -> None:
    dead = {
        "store": f"redis://:hidden@127.0.0.1:{free_port}",
        "database": f"postgresql://u:hidden@127.0.0.1:{free_port}/n",
    }
    config = load({"state_dir": tmp_path, "port": free_port, **dead}, {"OPENLINE_SECRET": "s" * 32})
    found = by_subject(await examine(config, {"OPENLINE_SMTP_URL": f"smtp://127.0.0.1:{free_port}"}))
    assert {name for name, one in found.items() if one.verdict == "fail"} == {"store", "database", "smtp"}
    assert all(one.way_out for one in found.values() if one.verdict == "fail")
    assert "hidden" not in str(found)


async def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = await doctor_net.port("127.0.0.1", taken.getsockname()[1])
    assert found.verdict == "fail"
    assert "--port" in found.way_out


class _StunServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(b"\x01\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), addr)  # another's answer
        self._transport.sendto(b"\x01\x01\x00\x00" + data[4:20], addr)


async def test_a_stun_server_that_answers_is_well() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_StunServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    found = await doctor_net.ice(f"turn:127.0.0.1:{port}?transport=udp")
    transport.close()
    assert found.verdict == "ok", found


async def test_a_stun_server_that_is_not_there_is_named(tmp_path: Path, free_port: int) -> None:
    server = IceServer(urls=[f"stun:127.0.0.1:{free_port}"])
    assert (await doctor_net.ice(server.urls[0])).verdict == "fail"
    assert (await doctor_net.ice("http://a.example")).verdict == "fail"


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("stun:s.example", ("stun", "s.example", 3478, "udp")),
        ("turn:t.example:443?transport=tcp", ("turn", "t.example", 443, "tcp")),
        ("turns:t.example", ("turns", "t.example", 5349, "tcp")),
        ("turn:[::1]:3479", ("turn", "::1", 3479, "udp")),
    ],
)
def test_ice_addresses(url: str, parsed: tuple[str, str, int, str]) -> None:
    assert doctor_net.parse_ice(url) == parsed


async def test_a_mail_server_is_asked_as_for_a_letter() -> None:
    async with post_office(auth=True) as post:
        well = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{post.port}"
        assert (await doctor_net.smtp(well)).verdict == "ok"
        for wrong, said in (
            (f"smtp://me:hidden@127.0.0.1:{post.port}", "535"),
            (f"smtp://127.0.0.1:{post.port}?starttls=always", "STARTTLS"),
            (f"smtp://127.0.0.1:{post.port}/?tls=no", "starttls"),
        ):
            found = await doctor_net.smtp(wrong)
            assert (found.verdict, bool(found.way_out)) == ("fail", True)
            assert said in found.text and "hidden" not in str(found)
    assert post.mails == []


async def test_the_card_processor_is_asked_whether_it_takes_the_key(tmp_path: Path, free_port: int) -> None:
    async with processor() as cards:
        for key, verdict in ((cards.key, "ok"), ("sk_test_of_others", "fail")):
            env = {"OPENLINE_STRIPE_KEY": key, "OPENLINE_STRIPE_WEBHOOK_SECRET": cards.secret}
            config = load({"state_dir": tmp_path, "port": free_port}, env | {"OPENLINE_STRIPE_API": cards.api})
            found = by_subject(await examine(config, {}))["card processor"]
            assert found.verdict == verdict and key not in found.text + found.way_out
    config = msgspec.structs.replace(config, stripe_api=f"http://127.0.0.1:{free_port}")
    assert by_subject(await examine(config, {}))["card processor"].verdict == "fail"
