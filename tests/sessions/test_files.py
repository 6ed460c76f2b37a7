"""Files of a chat: what is taken, what is refused by name, and that nothing stays on the disk that nobody may have."""

import asyncio
import errno
import io
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from ground.errors import Refusal
from ground.sql import Database
from sessions.erasure import erase_user, export_user
from sessions.facts import FileFacts, SaidFacts
from sessions.files import disk, store
from sessions.files.checking import named
from sessions.files.files import DAY_MS, FILES_MAX, KEEP_MS, Asked, Files
from sessions.files.scanning import Scanner
from sessions.recording.folder import Folder
from tests.directory import pictures
from tests.model.scene import refusal
from tests.sessions.logged import log, session

POOL, NOW = "support", 1_800_000_000_000
TEXT = "Grüße\n".encode()
PDF = b"%PDF-1.7\n1 0 obj<</S/JavaScript>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(tmp_path / "files")


@pytest.fixture
def files(database: Database, folder: Folder) -> Files:
    return Files(database, folder)


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def send(
    files: Files, data: bytes, kind: str, name: str = "it", *, op: str = "op-1", to: str = "s1", now: int = NOW
) -> FileFacts:
    file = await files.place(POOL, to, "user", Asked(name, kind, len(data)), op=op, until=now + 60_000, now=now)
    return await files.receive(POOL, file, len(data), pieces(data), now)


def on_disk(folder: Folder) -> list[str]:
    return [path.name for path in folder.path.rglob("*") if path.is_file() and path.name != ".folder"]


async def read(files: Files, file: str, of: str = "s1") -> bytes:
    _facts, opened = await files.open(POOL, of, file)
    with opened:
        return opened.read()


@pytest.mark.parametrize(("data", "kind", "name"), [(TEXT, "text/plain", "it.txt"), (PDF, "application/pdf", "it.pdf")])
async def test_a_file_is_there_for_the_session_once_it_is_said(
    files: Files, folder: Folder, data: bytes, kind: str, name: str
) -> None:
    kept = await send(files, data, kind)
    assert (kept.name, kept.type, kept.size, kept.width) == (name, kind, len(data), 0)
    assert await refusal(files.find(POOL, "s1", kept.file)) == "no_such_file", "nobody has said it"
    said = await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    assert said == kept == await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    assert await refusal(files.share(POOL, "s1", "user", kept.file, op="say-2", now=NOW)) == "no_such_file"
    assert await read(files, kept.file) == data
    for other in ("s2", ""):
        assert await refusal(files.find(POOL, other, kept.file)) == "no_such_file"
    (path,) = [path for path in folder.path.rglob("*") if path.name == on_disk(folder)[0]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert kept.file not in path.name and "it" not in path.name
    await files.erase(POOL, kept.file)
    assert await refusal(files.find(POOL, "s1", kept.file)) == "no_such_file" and on_disk(folder) == []


async def test_files_leave_room_on_the_disk_for_others(
    files: Files, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books may lie on the same disk: whoever sends files must not stop the house."""
    free = shutil.disk_usage(folder.path).free
    monkeypatch.setattr(disk, "LEFT", 2 * free)
    assert await refusal(send(files, TEXT, "text/plain")) == "no_room"
    assert on_disk(folder) == []
    monkeypatch.setattr(disk, "LEFT", 0)
    assert (await send(files, TEXT, "text/plain", op="op-2")).size == len(TEXT)


@pytest.mark.parametrize("call", ["mkdir", "fsync"])
async def test_a_full_disk_is_told_by_name_wherever_it_says_so(
    files: Files, folder: Folder, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_what: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        assert await refusal(send(files, pictures.encoded(pictures.photo(), "PNG"), "image/png")) == "no_room"
    assert on_disk(folder) == []
    assert (await send(files, TEXT, "text/plain", op="op-2")).size == len(TEXT)


async def test_only_its_sender_says_it_and_only_where_it_was_sent(files: Files) -> None:
    kept = await send(files, TEXT, "text/plain")
    for to, side in (("s1", "expert"), ("s2", "user")):
        assert await refusal(files.share(POOL, to, side, kept.file, op="say-1", now=NOW)) == "no_such_file"
    await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    await files.not_said(POOL, kept.file, "say-1", NOW)  # the session had just ended, say
    assert await refusal(files.find(POOL, "s1", kept.file)) == "no_such_file"
    await files.share(POOL, "s1", "user", kept.file, op="say-2", now=NOW)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_is_drawn_anew_in_its_own_format(files: Files, kind: str) -> None:
    data = pictures.encoded(pictures.photo(300, 200), kind) + pictures.archive() + pictures.SCRIPT
    kept = await send(files, data, f"image/{kind.lower()}", "the roof." + kind.lower())
    await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    body = await read(files, kept.file)
    image = Image.open(io.BytesIO(body))
    assert (image.format, image.size, len(body)) == (kind, (kept.width, kept.height), kept.size)
    assert image.size == (300, 200) and b"script" not in body and b"PK\x03\x04" not in body


async def test_a_photo_says_no_more_where_and_by_what_it_was_taken(files: Files) -> None:
    kept = await send(files, pictures.with_position(), "image/jpeg", "IMG_1.JPG")
    await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    body = await read(files, kept.file)
    image = Image.open(io.BytesIO(body))
    assert not image.getexif() and not any(word in body for word in (b"CAMERA", b"SECRET", b"Exif"))
    assert image.width > image.height, "and stands upright"


BROKEN = {
    "a script as text": (b"#!/bin/sh\x00\x01rm", "text/plain", "file_type"),
    "latin-1": ("Grüße".encode("latin-1"), "text/plain", "file_type"),
    "half a character": ("ü".encode()[:1], "text/plain", "file_type"),
    "an archive": (pictures.archive(), "application/pdf", "file_type"),
    "a PDF without an end": (b"%PDF-1.7\n" + b"x" * 5000, "application/pdf", "file_broken"),
    "a PDF of no version": (b"%PDF-x\n%%EOF", "application/pdf", "file_broken"),
    "a PDF said to be text": (PDF, "text/plain", "file_broken"),
    "text said to be a picture": (TEXT, "image/png", "file_broken"),
    "SVG said to be a picture": (pictures.SVG, "image/png", "file_broken"),
    "a picture said to be text": (pictures.encoded(pictures.photo(), "PNG"), "text/plain", "file_broken"),
    "an animation": (pictures.moving("WEBP"), "image/webp", "file_type"),
    "half a picture": (pictures.encoded(pictures.photo(), "JPEG")[:900], "image/jpeg", "file_broken"),
    "a bomb": (pictures.png(60_000, 60_000), "image/png", "file_too_large"),
    "a gif": (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "image/png", "file_type"),
}


async def test_what_is_not_taken_is_refused_by_name_and_leaves_nothing(
    files: Files, folder: Folder, database: Database
) -> None:
    tries = [refusal(send(files, data, kind, op=name)) for name, (data, kind, _code) in BROKEN.items()]
    assert dict(zip(BROKEN, await asyncio.gather(*tries), strict=True)) == {name: BROKEN[name][2] for name in BROKEN}
    async with database.read() as tx:
        assert on_disk(folder) == [] and await store.pools(tx) == []


async def test_the_size_is_the_one_that_was_announced(files: Files, folder: Folder) -> None:
    async def sent(size: int, announced: int | None, op: str) -> str:
        file = await files.place(POOL, "s1", "user", Asked("it", "text/plain", size), op=op, until=NOW + 1, now=NOW)
        return await refusal(files.receive(POOL, file, announced, pieces(b"x" * 5000), NOW))

    assert await sent(4000, None, "op-1") == await sent(4000, 5000, "op-2") == "file_too_large"
    assert await sent(6000, None, "op-3") == await sent(6000, 5000, "op-4") == "file_broken"
    assert on_disk(folder) == []


async def test_a_session_has_so_many_at_a_time_whoever_asks_at_once(files: Files, database: Database) -> None:
    async def asked(n: int) -> str:
        side = "user" if n % 2 else "expert"
        try:
            return await files.place(
                POOL, "s1", side, Asked("it", "text/plain", 9), op=f"op-{n}", until=NOW + 9, now=NOW
            )
        except Refusal as refused:
            return refused.code

    answers = await asyncio.gather(*(asked(n) for n in range(3 * FILES_MAX)))
    assert len(set(answers) - {"too_many_files"}) == FILES_MAX
    assert await asked(next(n for n, answer in enumerate(answers) if answer != "too_many_files")) in answers, "a repeat"
    assert await refusal(files.place(POOL, "s1", "user", Asked("x", "text/html", 9), op="o", until=NOW, now=NOW)) == (
        "file_type"
    )
    # Whoever asks for places and sends nothing keeps nobody waiting.
    later = NOW + 60_000
    kept = await send(files, TEXT, "text/plain", op="op-late", now=later)
    assert kept.size == len(TEXT)


async def test_a_place_takes_one_file_and_in_its_time(files: Files) -> None:
    data = b"first come"
    asked = Asked("it", "text/plain", len(data))
    file = await files.place(POOL, "s1", "user", asked, op="op-1", until=NOW + 60_000, now=NOW)
    tries = [files.receive(POOL, file, len(data), pieces(data, 1), NOW) for _ in range(5)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, FileFacts) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"no_such_file"}
    late = await files.place(POOL, "s1", "user", asked, op="op-2", until=NOW + 60_000, now=NOW)
    assert await refusal(files.receive(POOL, late, None, pieces(data), NOW + 60_000)) == "no_such_file"


async def test_a_sender_who_goes_leaves_nothing(files: Files, folder: Folder) -> None:
    began = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 300_000
        began.set()
        await asyncio.Event().wait()

    file = await files.place(POOL, "s1", "user", Asked("it", "text/plain", 10**6), op="op-1", until=NOW + 1, now=NOW)
    sending = asyncio.create_task(files.receive(POOL, file, None, endless(), NOW))
    await began.wait()
    assert len(on_disk(folder)) == 1
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert on_disk(folder) == []


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize("kind", ["text/plain", "image/png"])
async def test_who_is_forgotten_while_a_file_comes_leaves_nothing(
    files: Files, folder: Folder, database: Database, kind: str, swept: bool
) -> None:
    data = TEXT if kind == "text/plain" else pictures.encoded(pictures.photo(), "PNG")
    began, forgotten = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield data
        began.set()
        await forgotten.wait()

    await log(database, POOL, session("s1"))
    file = await files.place(POOL, "s1", "user", Asked("it", kind, len(data)), op="op-1", until=NOW + 1, now=NOW)
    sending = asyncio.create_task(files.receive(POOL, file, None, slowly(), NOW))
    await began.wait()
    async with database.begin() as tx:
        await erase_user(tx, POOL, "uma")
    assert not swept or await files.sweep(NOW, {}) == 1
    forgotten.set()
    assert await refusal(sending) == "no_such_file"
    async with database.read() as tx:
        assert on_disk(folder) == [] and await store.pools(tx) == []


async def test_a_file_that_the_disk_will_not_let_go_keeps_no_other(
    files: Files, folder: Folder, database: Database
) -> None:
    stuck, other = [await send(files, TEXT, "text/plain", op=name) for name in ("stuck", "other")]
    async with database.begin() as tx:
        row = await store.find(tx, POOL, stuck.file)
        await store.erase(tx, POOL, other.file)
    assert row is not None
    path = folder.path / POOL / row["path"].split("/")[1]
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    await files.erase(POOL, stuck.file)  # who takes a message back hears of no trouble
    assert await files.sweep(NOW, {}) == 1 and on_disk(folder) == []
    shutil.rmtree(path)
    assert await files.sweep(NOW, {}) == 1
    async with database.read() as tx:
        assert await store.pools(tx) == []


async def test_what_a_dead_process_left_goes_with_the_next_look(
    files: Files, folder: Folder, database: Database
) -> None:
    kept = await send(files, TEXT, "text/plain", op="op-1")
    said = await send(files, TEXT, "text/plain", op="op-2")
    lost = await send(files, TEXT, "text/plain", op="op-3")
    for file in (said, lost):
        await files.share(POOL, "s1", "user", file.file, op=f"say-{file.file}", now=NOW)
    await files.said(POOL, said.file, 1)
    half = await files.place(POOL, "s1", "user", Asked("it", "text/plain", 9), op="op-4", until=NOW + 1, now=NOW)
    async with database.begin() as tx:  # died while bytes came
        row = await store.find(tx, POOL, half)
        assert row is not None
        await store.step(tx, POOL, half, "pending", state="sending", until=NOW + 9)
    (folder.path / POOL / (row["path"].split("/")[1] + ".part")).write_bytes(b"half")
    assert len(on_disk(folder)) == 4
    assert await files.sweep(NOW, {POOL: 30}) == 0
    assert await files.sweep(NOW + 3 * KEEP_MS, {POOL: 30}) == 3, "unsaid, said in no message, half"
    assert len(on_disk(folder)) == 1 and await read(files, said.file) == TEXT
    assert await refusal(files.share(POOL, "s1", "user", kept.file, op="late", now=NOW)) == "no_such_file"
    assert await files.sweep(NOW + 31 * DAY_MS, {POOL: 30}) == 1, "the pool's days are over"
    assert on_disk(folder) == []


async def test_a_server_that_sees_another_folder_takes_nothing_for_erased(
    files: Files, folder: Folder, database: Database, tmp_path: Path
) -> None:
    elsewhere = Files(database, Folder.open(tmp_path / "another"))
    kept = await send(files, TEXT, "text/plain")
    await files.share(POOL, "s1", "user", kept.file, op="say-1", now=NOW)
    assert await refusal(elsewhere.open(POOL, "s1", kept.file)) == "no_such_file"
    async with database.begin() as tx:
        await store.erase(tx, POOL, kept.file)
    assert await elsewhere.sweep(NOW, {}) == 0
    await elsewhere.erase(POOL, kept.file)
    assert len(on_disk(folder)) == 1
    await files.sweep(NOW, {})
    assert on_disk(folder) == []


async def test_strays_are_taken_away_after_a_day(files: Files, folder: Folder, database: Database) -> None:
    kept = await send(files, TEXT, "text/plain", op="op-1")
    stray = folder.path / POOL / ("0" * 32)
    stray.write_bytes(b"x")
    now_s = time.time()
    assert await files.sweep_strays(POOL, int(now_s * 1000)) == 0
    for path in (stray, *folder.path.rglob("*")):
        os.utime(path, (now_s - 90_000, now_s - 90_000))
    assert await files.sweep_strays(POOL, int(now_s * 1000)) == 1
    assert len(on_disk(folder)) == 1 and kept.size == len(TEXT)


def line(n: int, file: FileFacts | None, **more: object) -> SaidFacts:
    return SaidFacts(session="s1", n=n, side="user", text="", at=NOW, op=f"op-{n}", file=file, **more)  # type: ignore[arg-type]


async def test_the_journal_erases_what_was_taken_back_and_whoever_is_forgotten(
    files: Files, folder: Folder, database: Database
) -> None:
    taken, stays = [await send(files, TEXT, "text/plain", f"{name}.txt", op=name) for name in ("taken", "stays")]
    for n, file in enumerate((taken, stays), start=1):
        await files.share(POOL, "s1", "user", file.file, op=f"say-{n}", now=NOW)
    await log(database, POOL, session("s1"), line(1, taken), line(2, stays))
    await log(database, POOL, line(1, None, unsaid=True, edited_at=NOW + 1))  # the process died before it could itself
    assert await refusal(files.find(POOL, "s1", taken.file)) == "no_such_file"
    assert [one["name"] for one in (await export_user(database, POOL, "uma"))["files"]] == ["stays.txt"]
    async with database.begin() as tx:
        await erase_user(tx, POOL, "uma")
    assert await refusal(files.find(POOL, "s1", stays.file)) == "no_such_file"
    assert await files.sweep(NOW, {}) == 2 and on_disk(folder) == []
    async with database.read() as tx:
        assert (await tx.execute(sa.select(store.chat_files))).all() == []


NAMES = {
    "../../etc/passwd": "passwd.txt", "..\\..\\boot.ini": "boot.ini.txt", "evil.html": "evil.html.txt",
    "run.exe": "run.exe.txt", "gpj\u202etxt.exe": "gpjtxt.exe.txt", ".htaccess": "htaccess.txt", "": "file.txt",
    ". . .": "file.txt", 'a"b\r\nX: y.txt': "a_bX_ y.txt", "notes.TXT": "notes.TXT", "<img src=x>.md": "_img src=x_.md",
    "x" * 200: "x" * 114 + ".txt", "日本語.txt": "日本語.txt", "a\u0000b": "ab.txt", "CON": "CON.txt",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_what_the_file_is_and_nothing_else(name: str) -> None:
    assert named(name, "text/plain") == NAMES[name]
    assert re.fullmatch(r"[^/\\\x00-\x1f\x7f]{1,120}", named(name, "application/pdf"))


SCANS = {"0": "", "1": "file_refused", "2": "scan_failed", "hangs": "scan_failed", "missing": "scan_failed"}


async def test_a_scanner_is_asked_and_without_its_word_nothing_is_taken(
    database: Database, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINE_SECRET", "not for scanners")
    for how, code in SCANS.items():
        script = tmp_path / f"scan_{how}.py"
        script.write_text(
            "import os, sys, time, pathlib\n"
            "assert not any(name.startswith('OPENLINE') for name in os.environ)\n"
            f"assert pathlib.Path(sys.argv[1]).read_bytes() == {TEXT!r}\n"
            f"{'time.sleep(60)' if how == 'hangs' else ''}\n"
            f"sys.exit({how if how.isdigit() else 0})\n"
        )
        command = ("/no/such/scanner",) if how == "missing" else (sys.executable, str(script))
        files = Files(database, folder, Scanner(command, 0.5 if how == "hangs" else 30))
        if code:
            assert await refusal(send(files, TEXT, "text/plain", op=how)) == code, how
            assert on_disk(folder) == []
        else:
            kept = await send(files, TEXT, "text/plain", op=how)
            await files.erase(POOL, kept.file)
