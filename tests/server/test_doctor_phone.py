"""What the doctor says of telephones."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from directory.expert import Expert, PoolOptions
from directory.profiles import Profiles
from ground.sql import Database
from server.config import load
from server.doctor_phone import judge, phones, trunk
from server.embedded_run import owned
from sessions.media.workers import Listed
from sessions.phone.trunk import Transport, Trunk
from tests.ports import LOOPBACK, free_port
from tests.sessions.phone.peers import Phone
from tests.sessions.phone.test_embedded_trunk import made_certificate, secure_phone

TRUNK = {"OPENLINE_SIP_TRUNK": "sip:openline@127.0.0.1"}


@pytest.mark.parametrize(
    ("lines", "calling", "silent", "env", "said"),
    [
        (3, ["p"], [], TRUNK, [("ok", "3 lines are free"), ("warn", "media workers that")]),
        (3, ["p"], [], TRUNK | {"OPENLINE_SPEECH": "off"}, [("ok", "3 lines are free"), ("ok", "turned off")]),
        (0, ["p"], [], TRUNK, [("warn", "no line is free")]),
        (0, ["p"], [], {}, [("warn", "p calls numbers, but nothing says how")]),
        (3, [], ["q"], {}, [("warn", "experts of q offer"), ("ok", "3 lines"), ("warn", "media workers that")]),
    ],
)
def test_what_that_means(
    tmp_path: Path, lines: int, calling: list[str], silent: list[str], env: dict[str, str], said: list[tuple[str, str]]
) -> None:
    config = load({"state_dir": tmp_path}, env)
    found = judge([Listed("m1", 9, 0, lines)] if lines else [], calling, silent, config)
    assert [one.verdict for one in found] == [verdict for verdict, _ in said]
    for one, (verdict, words) in zip(found, said, strict=True):
        assert one.text.startswith(words) and bool(one.way_out) == (verdict == "warn")


def test_that_all_workers_speak(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, TRUNK)
    found = judge([Listed("m1", 9, 0, 3, speaks=True), Listed("no-phone", 9, 0, 0)], ["p"], [], config)
    assert [(one.subject, one.verdict) for one in found] == [("telephones", "ok"), ("speech", "ok")]


async def test_it_asks_the_store_and_the_books(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, {})
    with owned(config) as ready:
        database = await Database.open(config.database)
        await database.migrate()
        profiles = Profiles(database)
        await profiles.create_pool("p", "P")
        assert await phones(ready) == []
        await profiles.put_experts("p", [Expert(expert="ada", name="Ada", modes=["phone"])])
        assert "calls no country" in (await phones(ready))[0].text
        await profiles.put_options("p", PoolOptions(phone_regions=["DE"]))
        assert "nothing says how" in (await phones(ready))[0].text
        await database.close()


@pytest.mark.baresip
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_trunk_that_is_there_answers(tmp_path: Path, transport: Transport) -> None:
    phone = Phone(tmp_path / "phone")
    await phone.start()
    try:
        found = await trunk(Trunk(user="openline", host=LOOPBACK, port=phone.port, transport=transport, local=LOOPBACK))
        assert found.verdict == "ok" and found.text.startswith(f"{LOOPBACK}:{phone.port} answers over {transport} (")
    finally:
        await phone.stop()


@pytest.mark.baresip
async def test_a_trunk_is_asked_by_tls_with_the_authority_that_is_named(tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    phone = secure_phone(tmp_path, certificate)
    await phone.start()
    at = Trunk(user="openline", host=LOOPBACK, port=phone.port + 1, transport="tls", ca=str(certificate))
    try:
        found = await trunk(at)
        assert found.verdict == "ok", found.text
        for ca, said in (("", "not trusted"), (str(tmp_path / "gone"), "no file")):
            found = await trunk(structs.replace(at, ca=ca))
            assert found.verdict == "fail" and said in found.text and "ca in OPENLINE_SIP_TRUNK" in found.way_out
    finally:
        await phone.stop()


async def test_a_trunk_that_does_not_answer_is_named() -> None:
    nobody = Trunk(user="openline", host=LOOPBACK, port=free_port())
    for at in (nobody, structs.replace(nobody, transport="tcp"), structs.replace(nobody, local="203.0.113.9")):
        found = await trunk(at)
        assert found.verdict == "warn" and nobody.at in found.text and "OPENLINE_SIP_TRUNK" in found.way_out


async def test_what_speaks_no_sip_is_no_trunk() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        writer.close()

    server = await asyncio.start_server(greet, LOOPBACK, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await trunk(Trunk(user="openline", host=LOOPBACK, port=port, transport="tcp"))
    assert found.verdict == "warn" and "does not speak SIP" in found.text
