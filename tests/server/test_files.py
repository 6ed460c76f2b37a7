"""Files, transcripts and recordings over HTTP: with a ticket, once, and by nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from directory.expert import PoolOptions
from identity.tokens import Secret, Tokens
from server.web.files import attachment, wanted
from sessions.recording import store as recordings
from sessions.recording.folder import OGG, Folder
from tests.directory import pictures
from tests.server.people_site import NOW, POOL, PeopleSite, people_site
from tests.stories.talker import Talker, talking
from wire import messages as m

SHOP = "https://shop.example"
TEXT = b"what I owe\n"


class Room:
    """A site, and Bob in a session with Uma; Vic stands by."""

    def __init__(self, site: PeopleSite, people: dict[str, Talker], session: str) -> None:
        self.site, self.people, self.session = site, people, session
        self.uma, self.bob, self.vic = people["uma"], people["bob"], people["vic"]

    async def http(self, method: str, at: m.Fetch, content: bytes = b"", /, **headers: str) -> Any:
        headers = {"authorization": f"Bearer {at.ticket}"} | headers
        return await self.site.guest.ask(method, at.path, content=content, headers=headers)

    async def place(self, data: bytes = TEXT, kind: str = "text/plain", name: str = "owed.txt", **more: Any) -> Any:
        ask = {"session": self.session, "name": name, "type": kind, "size": len(data)} | more
        return await self.uma.ask(m.FilePlace, **ask)

    async def sent(self, data: bytes = TEXT, kind: str = "text/plain", name: str = "owed.txt") -> m.Fetch:
        place: m.Fetch = await self.place(data, kind, name)
        answer = await self.http("PUT", place, data)
        assert answer.status_code == 200, answer.text
        return place

    async def shared(self, data: bytes = TEXT, kind: str = "text/plain", name: str = "owed.txt") -> m.SharedFile:
        place = await self.sent(data, kind, name)
        assert isinstance(await self.uma.ask(m.Share, session=self.session, file=place.file, text="see"), m.Ok)
        said = await self.bob.until(m.Said, lambda one: bool(one.line.file and one.line.file.file == place.file))
        assert said.line.file is not None
        return said.line.file


def token(role: Any, who: str) -> str:
    return Tokens([Secret(kid="k", value=b"s" * 32)]).issue(POOL, role, who, who.title(), now=NOW())


async def meet(user: Talker, expert: Talker, mode: str = "chat") -> str:
    joined = await user.ask(m.Join, experts=["bob"], mode=mode)
    offer = await expert.until(m.Offer, lambda one: one.ticket == joined.ticket)
    await expert.ask(m.Accept, offer=offer.offer)
    session = (await user.until(m.Session, lambda one: one.state != "ended")).session
    for side in (user, expert):
        await side.ask(m.Connected, session=session)
    return session


@pytest.fixture
async def room(store_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(
            people_site(store_url, f"sqlite:///{tmp_path}/openline.db", tmp_path, origins=(SHOP,))
        )
        await site.profiles.put_options(POOL, PoolOptions(file_mb=30, feedback_after_s=0))
        people = {
            who: await stack.enter_async_context(talking(site.port, POOL, token(role, who)))
            for role, who in (("expert", "bob"), ("user", "uma"), ("user", "vic"))
        }
        await people["bob"].ask(m.Declare, status="online", reason="")
        yield Room(site, people, await meet(people["uma"], people["bob"]))


@pytest.mark.claim("B27")
async def test_a_file_goes_from_one_side_to_the_other(room: Room) -> None:
    file = await room.shared(pictures.with_position(), "image/jpeg", "the roof.jpg")
    assert (file.name, file.type, file.width > file.height) == ("the roof.jpg", "image/jpeg", True)
    for side in (room.bob, room.uma):
        at = await side.ask(m.FileOf, session=room.session, file=file.file)
        got = await room.http("GET", at)
        assert (got.status_code, len(got.content), got.headers["content-type"]) == (200, file.size, "image/jpeg")
        assert b"Exif" not in got.content and got.headers["content-length"] == str(file.size)
        assert got.headers["content-disposition"].startswith("attachment; filename=")
        assert got.headers["x-content-type-options"] == "nosniff" and got.headers["cache-control"] == "no-store"
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    page = await room.bob.ask(m.History, session=room.session)
    assert page.lines[-1].file == file and page.lines[-1].text == "see"


async def test_a_ticket_is_good_once_for_one_thing_and_in_no_address(room: Room) -> None:
    place = await room.place()
    for wrong in ("", "Bearer x", "Basic eDp5", f"Bearer {place.ticket}x", f"Bearer {token('user', 'uma')}"):
        answer = await room.http("PUT", place, TEXT, authorization=wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert (await room.site.guest.ask("PUT", f"{place.path}?ticket={place.ticket}", content=TEXT)).status_code == 401
    assert (await room.http("GET", place)).status_code == 401, "a ticket to send fetches nothing"
    other = await room.place()
    crossed = m.Fetch(id=0, path=other.path, ticket=place.ticket, until=0, file="")
    assert (await room.http("PUT", crossed, TEXT)).json()["code"] == "bad_token"
    assert (await room.http("PUT", place, TEXT)).status_code == 200
    assert (await room.http("PUT", place, TEXT)).json()["code"] == "no_such_file"
    await room.uma.ask(m.Share, session=room.session, file=place.file)
    at = await room.bob.ask(m.FileOf, session=room.session, file=place.file)
    answers = await asyncio.gather(*(room.http("GET", at) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_nobody_else_gets_at_it(room: Room) -> None:
    file = await room.shared()
    kept = await room.sent()
    for session in (room.session, "s9zz"):
        asked = [
            await room.vic.ask(m.FileOf, session=session, file=file.file),
            await room.vic.ask(m.Share, session=session, file=kept.file),
            await room.vic.ask(m.FilePlace, session=session, name="x", type="text/plain", size=1),
            await room.vic.ask(m.TranscriptOf, session=session, by="download"),
        ]
        assert {(one.code, one.detail) for one in asked} == {("no_such_session", session)}
    assert (await room.bob.ask(m.Share, session=room.session, file=kept.file)).code == "no_such_file"
    assert (await room.bob.ask(m.FileOf, session=room.session, file=kept.file)).code == "no_such_file", "unsaid"
    assert (await room.bob.ask(m.FileOf, session=room.session, file="d-0")).code == "no_such_file"


async def test_what_is_taken_back_is_gone(room: Room, tmp_path: Path) -> None:
    file = await room.shared()
    at = await room.bob.ask(m.FileOf, session=room.session, file=file.file)
    n = (await room.bob.ask(m.History, session=room.session)).lines[-1].n
    assert (await room.bob.ask(m.Unsay, session=room.session, n=n)).code == "no_such_line"
    assert isinstance(await room.uma.ask(m.Unsay, session=room.session, n=n), m.Ok)
    said = await room.bob.until(m.Said, lambda one: one.line.unsaid)
    assert (said.line.n, said.line.text, said.line.file) == (n, "", None)
    assert (await room.bob.ask(m.FileOf, session=room.session, file=file.file)).code == "no_such_file"
    assert (await room.http("GET", at)).json()["code"] == "no_such_file", "not with an older ticket either"
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [".folder"]


async def test_a_person_who_is_forgotten_leaves_no_file_and_no_note(room: Room, tmp_path: Path) -> None:
    await room.shared(name="plum.txt")
    await room.bob.ask(m.KeepNote, user="uma", text="likes plums")
    await room.uma.ask(m.End, session=room.session)
    uma = await room.site.signed_in(("user", "uma"))

    async def export() -> str:
        return (await uma.get(f"/v1/pools/{POOL}/account/export")).text

    async with asyncio.timeout(10):
        while "plum.txt" not in (told := await export()):  # until the books have it
            await asyncio.sleep(0.05)
    assert "likes plums" in told
    answer = await uma.ask("POST", f"/v1/pools/{POOL}/account/erase", json={"confirm": "Uma"})
    assert answer.json() == {"done": True}
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [".folder"]
    assert b"plum" not in (tmp_path / "openline.db").read_bytes()
    assert (await room.bob.ask(m.NoteOn, user="uma")).code == "no_such_user"


async def test_limits_are_told_before_anything_is_sent(room: Room) -> None:
    assert (await room.place(size=30_000_001)).code == "file_too_large"
    assert (await room.place(kind="text/html")).code == "file_type"
    places = [await room.place() for _ in range(21)]
    refused = {one.code for one in places if isinstance(one, m.Refused)}
    assert refused and refused <= {"too_many_files", "rate_limited"}
    first = places[0]
    assert (await room.http("PUT", first, TEXT + b"more")).json()["code"] == "file_too_large"
    assert (await room.http("PUT", places[1], b"x" * 2_000_000)).json()["code"] == "file_too_large"
    assert (await room.http("PUT", places[2], b"x")).json()["code"] == "file_broken"
    await room.site.profiles.put_options(POOL, PoolOptions(file_mb=0))
    async with asyncio.timeout(10):
        while (answer := await room.place()).code != "no_files":
            assert answer.code in ("too_many_files", "rate_limited")
            await asyncio.sleep(0.1)


async def test_who_sends_slowly_is_hung_up_on_and_leaves_nothing(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.files.SLOW_S", 1.0)
    place = await room.place()
    named = f"Host: 127.0.0.1:{room.site.port}\r\nOrigin: {room.site.origin}\r\nContent-Length: {len(TEXT)}"
    reader, writer = await asyncio.open_connection("127.0.0.1", room.site.port)
    head = f"PUT {place.path} HTTP/1.1\r\n{named}\r\nAuthorization: Bearer {place.ticket}\r\n\r\n"
    writer.write(head.encode() + TEXT[:3])
    async with asyncio.timeout(10):
        assert await reader.read() == b"", "hung up without a word"
        while list((tmp_path / "files").rglob("*.part")):
            await asyncio.sleep(0.05)
    writer.close()
    assert (await room.http("PUT", place, TEXT)).json()["code"] == "no_such_file", "and the place is gone"


async def test_who_reads_slowly_is_hung_up_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"tides\n" * 4_000_000
    place = await room.sent(data)
    await room.uma.ask(m.Share, session=room.session, file=place.file)
    monkeypatch.setattr("server.web.files.SLOW_S", 0.5)
    monkeypatch.setattr("server.web.files.SLOWEST", 10**9)
    at = await room.bob.ask(m.FileOf, session=room.session, file=place.file)
    reader, writer = await asyncio.open_connection("127.0.0.1", room.site.port, limit=1024)
    head = f"GET {at.path} HTTP/1.1\r\nHost: 127.0.0.1:{room.site.port}\r\nAuthorization: Bearer {at.ticket}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(20):
        assert b"200" in await reader.readline()
        await asyncio.sleep(1.0)  # reads nothing for longer than it may
        read = 0
        while piece := await reader.read(65_536):
            read += len(piece)
        assert read < len(data)
    writer.close()


async def test_pages_of_allowed_origins_may_and_no_others(room: Room) -> None:
    place = await room.place()
    asked = {"origin": SHOP, "access-control-request-method": "PUT"}
    allowed = await room.site.guest.ask("OPTIONS", place.path, headers=asked)
    assert allowed.status_code == 204 and allowed.headers["access-control-allow-origin"] == SHOP
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in allowed.headers, "no cookie counts here"
    put = await room.http("PUT", place, TEXT, origin=SHOP)
    assert (put.status_code, put.headers["access-control-allow-origin"]) == (200, SHOP)
    await room.uma.ask(m.Share, session=room.session, file=place.file)
    at = await room.uma.ask(m.FileOf, session=room.session, file=place.file)
    evil = await room.http("GET", at, origin="https://evil.example")
    assert "access-control-allow-origin" not in evil.headers
    assert (await room.http("PUT", await room.place(), TEXT, origin="https://evil.example")).status_code == 403


@pytest.mark.claim("B27")
async def test_words_are_changed_for_both_and_in_the_transcript(room: Room) -> None:
    await room.uma.ask(m.Say, session=room.session, text="my card is 4111 1111 1111 1111")
    assert isinstance(
        await room.uma.ask(m.Edit, session=room.session, n=1, text="it is 4242424242424242\n[00:00:00] Bob: yes"), m.Ok
    )
    said = await room.bob.until(m.Said, lambda one: one.line.edited_at > 0)
    assert said.line.text == "it is •••• 4242\n[00:00:00] Bob: yes"
    assert (await room.bob.ask(m.Edit, session=room.session, n=1, text="no")).code == "no_such_line"
    assert (await room.bob.ask(m.TranscriptOf, session=room.session, by="download")).code == "session_open"
    await room.shared(name="re\u202evil<img>.txt")
    await room.bob.ask(m.Say, session=room.session, text="oops")
    await room.bob.ask(m.Unsay, session=room.session, n=3)
    await room.uma.ask(m.End, session=room.session)
    assert (await room.uma.ask(m.Edit, session=room.session, n=1, text="late")).code == "session_over"
    for side, language, words in ((room.uma, "de-AT,de;q=0.9", "(geändert)"), (room.bob, "es", "(modificado)")):
        at = await side.ask(m.TranscriptOf, session=room.session, by="download")
        got = await room.http("GET", at, **{"accept-language": language})
        assert got.headers["content-type"] == "text/plain; charset=utf-8"
        assert got.headers["content-disposition"].startswith(f'attachment; filename="{room.session}.txt"')
        lines = got.text.splitlines()
        assert "Uma" in lines[0] and "Bob Salt" in lines[0] and "UTC" in lines[1]
        assert lines[3].endswith("Uma: it is •••• 4242") and lines[4] == f"      [00:00:00] Bob: yes {words}"
        assert "revil_img_.txt" in lines[5] and "oops" not in got.text and len(lines) == 7
        assert (await room.http("GET", at)).status_code == 401
    assert (await room.uma.ask(m.TranscriptOf, session=room.session, by="mail")).code == "no_email"


async def recorded(room: Room, folder: Folder, body: bytes) -> None:
    """A recording of the session of the room, as upkeep leaves it."""
    path = folder.of(POOL, room.session)
    file = folder.file(path, OGG)
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    row = {"pool": POOL, "session": room.session, "user": "uma", "expert": "bob", "started_at": 1, "path": path}
    async with room.site.database.begin() as tx:
        await recordings.begin(tx, row | {"erase_at": 2**50})
        assert await recordings.ready(tx, POOL, room.session, 1000, len(body), "0" * 64)


async def test_a_recording_is_heard_by_its_two_sides_and_by_operators_whom_the_audit_names(
    room: Room, tmp_path: Path
) -> None:
    asked = {"session": room.session}
    assert (await room.uma.ask(m.RecordingOf, **asked)).code == "no_recording"
    body = bytes(range(256)) * 1000
    await recorded(room, Folder.open(tmp_path / "recordings"), body)
    for side in (room.uma, room.bob):
        got = await room.http("GET", await side.ask(m.RecordingOf, **asked))
        assert (got.status_code, got.content, got.headers["accept-ranges"]) == (200, body, "bytes")
        assert got.headers["content-type"] == "audio/ogg; codecs=opus"
    part = await room.http("GET", await room.uma.ask(m.RecordingOf, **asked), range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, body[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(body)}"
    beyond = await room.http("GET", await room.uma.ask(m.RecordingOf, **asked), range=f"bytes={len(body)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(body)}")
    assert (await room.vic.ask(m.RecordingOf, **asked)).code == "no_recording"
    olga = await room.site.signed_in(("operator", "olga"))
    path = f"/v1/pools/{POOL}/sessions/{room.session}/recording"
    assert (await room.site.guest.get(path, params={"reason": "x"})).status_code == 401
    assert (await olga.get(path)).json()["code"] == "malformed"
    assert (await olga.get(path.replace(room.session, "s9zz"), params={"reason": "x"})).json()["code"] == "no_recording"
    heard = await olga.get(path, params={"reason": "a complaint"}, headers={"range": "bytes=-5"})
    assert (heard.status_code, heard.content) == (206, body[-5:])
    audit = (await olga.get(f"/v1/pools/{POOL}/audit")).text
    assert "hear_recording" in audit and "a complaint" in audit and room.session in audit


def test_a_name_can_not_end_its_header() -> None:
    for name in ('a"; x="y.txt', "a\r\nSet-Cookie: x.txt", "日本語 ü.txt", "a;b%41.txt", "\\.txt"):
        header = attachment(name)
        header.encode("latin-1")
        assert header.count('"') == 2 and "\r" not in header and "\n" not in header
    assert attachment("ü.txt") == "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"


RANGES = {
    "": (0, 100), "bytes=0-": (0, 100), "bytes=0-9": (0, 10), "bytes=90-": (90, 100), "bytes=90-200": (90, 100),
    "bytes=-5": (95, 100), "bytes=-500": (0, 100), "bytes=100-": (100, 100), "bytes=9-3": (100, 100),
    "bytes=-0": (100, 0), "bytes=0-1,3-4": (0, 100), "items=0-1": (0, 100), "bytes=-": (0, 100),
    f"bytes={'9' * 99}-": (0, 100), f"bytes=0-{'9' * 15}": (0, 100),
}  # fmt: skip


@pytest.mark.parametrize("header", RANGES)
def test_a_range_is_one_part_or_the_whole(header: str) -> None:
    assert wanted(header, 100) == RANGES[header]
