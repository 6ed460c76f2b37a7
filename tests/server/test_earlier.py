"""The list of one's earlier sessions over HTTP, and what is kept of them, fetched; before either database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from billing import ledger, meter
from sessions.earlier import PAGE
from sessions.recording import store as recordings
from sessions.recording.folder import OGG, Folder
from tests.billing.books import EUR, MINUTE
from tests.databases import database_url, postgres_server
from tests.server.people_site import NOW, POOL, Browser, PeopleSite, people_site
from tests.server.test_files import token
from tests.sessions.logged import log, said, session
from tests.stories.talker import talking
from wire import messages as m

__all__ = ["database_url", "postgres_server"]
PATH = f"/v1/pools/{POOL}/account/sessions"
AT = 1_790_000_000_000
LATER = 2**50
RAN = 40_500
OPUS = b"OggS, as if"


class Past:
    """Uma had three sessions: with Ada, who handed her over to Bob; with Bob, recorded and paid; and one in vain."""

    def __init__(self, site: PeopleSite, folder: Path) -> None:
        self.site, self.folder = site, Folder.open(folder / "recordings")

    async def happen(self) -> None:
        await log(
            self.site.database, POOL,
            session("s1", matched_at=AT, live_at=AT, ended_at=AT + MINUTE, reason="transferred", went_to="bob"),
            session("s2", expert="bob", mode="audio", live_at=AT + 1, ended_at=AT + 2 * MINUTE, rate=600, ran_ms=RAN),
            session("s3", matched_at=AT + 3, live_at=0, ended_at=AT + 3 * MINUTE),
            session("max", user="max", ended_at=AT), said("s1", 1, "user", "Who knows about boilers?"),
        )  # fmt: skip
        await self.pay()
        await self.record("s2")

    async def pay(self) -> None:
        async with self.site.database.begin() as tx:
            await ledger.deposit(tx, POOL, "uma", 5000, EUR, key="d1", now=AT, reference="d1")
            await meter.reserve(
                tx, POOL, "o2", "uma", "bob", rate=600, free_ms=0, cap_ms=MINUTE, minimum_ms=MINUTE, fee_bps=2000,
                currency=EUR, now=AT,
            )  # fmt: skip
            await meter.settle(tx, POOL, "o2", "s2", ran_ms=RAN, ended_by="user", ended_at=AT + 2 * MINUTE)

    async def record(self, name: str, state: str = "ready", **changes: Any) -> None:
        """As upkeep leaves a recording."""
        path = self.folder.of(POOL, name)
        file = self.folder.file(path, OGG)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(OPUS)
        row = {"pool": POOL, "session": name, "user": "uma", "expert": "bob", "started_at": NOW(), "path": path}
        async with self.site.database.begin() as tx:
            await recordings.begin(tx, row | {"erase_at": LATER} | changes)
            if state == "ready":
                assert await recordings.ready(tx, POOL, name, 1000, len(OPUS), "0" * 64)
            elif state == "failed":
                assert await recordings.failed(tx, POOL, name)

    async def list(self, role: Any, who: str, **query: Any) -> Any:
        browser = await self.site.signed_in((role, who))
        answer = await browser.get(PATH, params={"role": role} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def past(store_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[Past]:
    async with people_site(store_url, database_url, tmp_path) as site:
        made = Past(site, tmp_path)
        await made.happen()
        yield made


@pytest.mark.claim("B7")
async def test_each_side_sees_what_it_was_and_what_is_kept(past: Past) -> None:
    mine = await past.list("user", "uma")
    assert (mine["currency"], mine["next"]) == (EUR, "")
    none, paid, handed = mine["sessions"]
    assert none == {
        "session": "s3", "partner": "Ada Quill", "mode": "chat", "at": AT + 3, "seconds": 0, "amount": 0, "went_to": "",
        "transcript": False, "recording": None,
    }  # fmt: skip
    assert paid == {
        "session": "s2", "partner": "Bob Salt", "mode": "audio", "at": AT + 1, "seconds": 40, "amount": 405,
        "went_to": "", "transcript": False, "recording": {"state": "ready", "erase_at": LATER},
    }  # fmt: skip
    assert (handed["went_to"], handed["transcript"], handed["seconds"]) == ("Bob Salt", True, 60)
    (bobs,) = (await past.list("expert", "bob"))["sessions"]
    assert bobs == paid | {"partner": "Uma", "amount": 324}, "what was earned, without the pool's part"
    assert [one["session"] for one in (await past.list("expert", "ada"))["sessions"]] == ["s3", "s1", "max"]


async def test_what_is_kept_is_fetched_long_after(past: Past) -> None:
    async with talking(past.site.port, POOL, token("user", "uma")) as uma:
        for at, what in (
            (await uma.ask(m.TranscriptOf, session="s1", by="download"), b"Who knows about boilers?"),
            (await uma.ask(m.RecordingOf, session="s2"), OPUS),
        ):
            got = await past.site.guest.get(at.path, headers={"authorization": f"Bearer {at.ticket}"})
            assert got.status_code == 200 and what in got.content


async def test_a_recording_is_told_as_it_stands(past: Past) -> None:
    async with talking(past.site.port, POOL, token("user", "uma")) as uma:
        for name, state, erase_at, code in (
            ("a", "pending", LATER, "recording_pending"), ("b", "failed", LATER, "no_recording"),
            ("c", "ready", NOW() - 1, "no_recording"), ("d", "pending", 0, "no_recording"),
        ):  # fmt: skip
            await log(past.site.database, POOL, session(name, expert="bob", ended_at=AT + 4 * MINUTE))
            await past.record(name, state, erase_at=erase_at)
            told = next(one for one in (await past.list("user", "uma"))["sessions"] if one["session"] == name)
            assert told["recording"] == ({"state": state, "erase_at": erase_at} if erase_at == LATER else None)
            assert (await uma.ask(m.RecordingOf, session=name)).code == code


async def test_pages_follow_each_other(past: Past) -> None:
    many = [session(f"t{n:02}", ended_at=AT + 10 * MINUTE + n // 7) for n in range(PAGE)]
    await log(past.site.database, POOL, *many)
    first = await past.list("user", "uma")
    second = await past.list("user", "uma", before=first["next"])
    assert [one["session"] for one in first["sessions"]] == sorted((one.session for one in many), reverse=True)
    assert ([one["session"] for one in second["sessions"]], second["next"]) == (["s3", "s2", "s1"], "")


async def refusal(browser: Browser, **query: str) -> tuple[int, str]:
    answer = await browser.get(PATH, params=query)
    return answer.status_code, answer.json().get("code", "")


async def test_nobody_reads_another_ones(past: Past) -> None:
    nobody = {"currency": "", "sessions": [], "next": ""}
    for role, who in (("user", "vic"), ("user", "bob"), ("expert", "uma")):
        assert await past.list(role, who) == nobody
    assert await past.list("user", "vic", before=f"{10**15 - 1}-s2") == nobody, "a cursor opens nothing"
    uma, boss = await past.site.signed_in(("user", "uma")), await past.site.signed_in(("operator", "olga"))
    for browser, role in ((uma, "expert"), (boss, "operator"), (boss, "user"), (past.site.guest, "user")):
        assert await refusal(browser, role=role) == (401, "not_signed_in")
    for before in ("0", "x", "-s1", "1-", f"{'9' * 16}-s1", "1-s1'", "1-s 1", "\u0661-s1", f"1-{'s' * 65}", "\x00"):
        assert await refusal(uma, before=before) == (400, "malformed"), before


async def test_who_is_erased_takes_them_along(past: Past) -> None:
    uma = await past.site.signed_in(("user", "uma"))
    body = {"confirm": "Uma", "forfeit": True}
    assert (await uma.ask("POST", PATH.replace("sessions", "erase"), json=body)).json() == {"done": True}
    (bobs,) = (await past.list("expert", "bob"))["sessions"]
    assert (bobs["partner"], bobs["recording"], bobs["amount"]) == ("", None, 324)
    async with talking(past.site.port, POOL, token("expert", "bob")) as bob:
        assert (await bob.ask(m.RecordingOf, session="s2")).code == "no_recording"
