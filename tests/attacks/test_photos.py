"""Hostile uploads: refused by name, before they cost anything; what is kept is plain raster."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from directory import drawing, photos
from directory.photo_worker import SIDES
from ground.errors import Refusal
from server.middleware import PHOTO_BYTES
from tests.directory import pictures
from tests.server.people_site import POOL, PeopleSite, people_site

PHOTO = f"/v1/pools/{POOL}/experts/ada/photo"
HOSTILE = pictures.hostile()
SOME = ("svg", "pdf before jpeg", "bomb of a png", "moving webp", "half a jpeg", "jpeg that is svg")


@pytest_asyncio.fixture(loop_scope="session")
async def line(store_url: str, tmp_path: Path) -> AsyncIterator[PeopleSite]:
    async with people_site(store_url, f"sqlite:///{tmp_path}/openline.db", tmp_path) as running:
        yield running


@pytest.mark.claim("B2", "B27")
async def test_hostile_files_are_refused_and_the_photo_stays(line: PeopleSite) -> None:
    ada = await line.signed_in(("expert", "ada"))
    kept = (await ada.ask("PUT", PHOTO, content=pictures.encoded(pictures.photo(), "PNG"))).json()["photo"]
    for name in SOME:
        data, code = HOSTILE[name]
        answer = await ada.ask("PUT", PHOTO, content=data, headers={"content-type": "image/png"})
        assert (answer.json()["code"], answer.status_code in (413, 415, 422)) == (code, True), name
    assert (await line.profiles.expert(POOL, "ada")).photo == kept
    burst = [(await ada.ask("PUT", PHOTO, content=b"")).status_code for _ in range(8)]
    assert burst[-1] == 429, "no more than a few in a row"


@pytest.mark.claim("B2", "B27")
async def test_a_polyglot_comes_out_as_pixels(line: PeopleSite) -> None:
    ada = await line.signed_in(("expert", "ada"))
    both = pictures.encoded(pictures.photo(), "JPEG", comment=pictures.SCRIPT) + pictures.archive()
    path = (await ada.ask("PUT", PHOTO, content=both)).json()["photo"]
    got = await line.guest.get(path, params={"size": "large"})
    assert Image.open(io.BytesIO(got.content)).format == "WEBP"
    assert b"script" not in got.content and b"PK\x03\x04" not in got.content
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy


async def test_only_this_route_takes_more_and_only_from_who_may(line: PeopleSite) -> None:
    """Who is not signed in is told so before the body is read; too much is refused with a length and without one."""
    ada = await line.signed_in(("expert", "ada"))
    sent = 0

    async def endless(most: int) -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < most:
            sent += 65_536
            yield b"\xff\xd8\xff" + b"\0" * 65_533

    assert (await ada.ask("PUT", PHOTO, content=b"x" * (PHOTO_BYTES + 1))).status_code == 413
    assert (await ada.ask("PUT", PHOTO, content=endless(PHOTO_BYTES + 500_000))).status_code == 413
    for method, path in (
        ("POST", PHOTO),
        ("PUT", f"{PHOTO}/"),
        ("PUT", "/v1/pools/demo/options"),
        ("PUT", f"/{PHOTO}"),
    ):
        assert (await ada.ask(method, path, content=b"x" * 100_000)).status_code == 413, (method, path)
    named = f"Host: 127.0.0.1:{line.port}\r\nOrigin: {line.origin}\r\nContent-Length: 8000000"
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(f"PUT {PHOTO} HTTP/1.1\r\n{named}\r\n\r\n".encode())
    async with asyncio.timeout(10):
        assert b"401" in await reader.readline(), "answered though nothing of the body came"
    writer.close()


async def test_who_sends_slowly_takes_one_place_and_gives_it_back(line: PeopleSite) -> None:
    ada, bob = await line.signed_in(("expert", "ada")), await line.signed_in(("expert", "bob"))
    picture = pictures.encoded(pictures.photo(), "PNG")
    named = f"Host: 127.0.0.1:{line.port}\r\nOrigin: {line.origin}\r\nCookie: {ada.cookie}\r\nContent-Length: 500000"
    _reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(f"PUT {PHOTO} HTTP/1.1\r\n{named}\r\n\r\nx".encode())
    async with asyncio.timeout(20):
        while (await ada.ask("PUT", PHOTO, content=b"")).status_code != 429:
            await asyncio.sleep(0.05)
        others = await bob.ask("PUT", PHOTO.replace("ada", "bob"), content=picture)
        assert others.status_code == 200
        writer.close()
        while (again := await ada.ask("PUT", PHOTO, content=picture)).status_code == 429:
            await asyncio.sleep(1)
    assert again.status_code == 200


async def test_a_decoder_that_hangs_or_dies_takes_nobody_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "worker.py"
    monkeypatch.setattr(drawing, "_WORKER", script)
    script.write_text("import time; time.sleep(60)")
    began = time.monotonic()
    with pytest.raises(Refusal, match="photo_broken"):
        await photos.squares(b"x" * 1_000_000, decode_s=0.5)
    assert time.monotonic() - began < 30
    for harm in (
        "import os; os.abort()",
        "print('x' * 100)",
        "raise MemoryError",
        "import os; os.close(0); os.close(1)",
    ):
        script.write_text(harm)
        with pytest.raises(Refusal, match="photo_broken"):
            await photos.squares(b"x" * 1_000_000)


async def test_decoding_a_large_picture_leaves_the_loop_alone() -> None:
    large = pictures.encoded(pictures.photo(6000, 6000), "PNG", compress_level=1)
    laps: list[float] = []

    async def beat() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            laps.append(time.monotonic() - began)

    beating = asyncio.create_task(beat())
    made = await photos.squares(large)
    beating.cancel()
    assert len(made) == len(SIDES) and sorted(laps)[len(laps) // 2] < 0.1, "half of all beats come in time"
