"""Telephones with real processes: two servers, a media worker with its own baresip, a trunk on loopback."""

import asyncio
from pathlib import Path

import pytest

from directory.expert import Expert, PoolOptions
from sessions.media.workers import Workers
from sessions.phone.store import put_number
from tests.chaos.town import Town
from tests.chaos.voices import media_worker
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Script, on, until
from tests.stories.talker import Talker
from wire import messages

VIC, ADA = "+4915112345678", "+4930123456"


async def new_pool(town: Town) -> str:
    """Ada takes sessions by telephone on her own one. Vic's number is confirmed."""
    ada = Expert(expert="ada", name="Ada", modes=["chat", "phone"])
    options = PoolOptions(phone_regions=["DE"], verify_numbers=False)
    settings = {"ring_ms": 30_000, "connect_ms": 30_000, "wrap_up_ms": 1, "ready_after_ms": 600_000}
    pool = await town.new_pool(ada, options=options, **settings)
    async with town.database.begin() as tx:
        for side, member, number, where in (("expert", "ada", ADA, "phone"), ("user", "vic", VIC, "browser")):
            row = {"pool": pool, "side": side, "member": member, "number": number, "region": "DE", "language": ""}
            await put_number(tx, row | {"verified_at": 1, "answers_on": where, "missed_at": 0, "changed_at": 1})
    return pool


async def joined(vic: Talker) -> str:
    """Vic's place in the line."""
    async with asyncio.timeout(20):  # the servers read the directory every few seconds
        while not isinstance(said := await vic.ask(messages.Join, experts=["ada"], mode="phone"), messages.Joined):
            await asyncio.sleep(0.2)
    return said.ticket


async def matched(vic: Talker, ada: Talker) -> str:
    """Both have said yes, and both telephones are picked up."""
    ticket = await joined(vic)
    offer = await ada.until(messages.Offer, lambda said: said.ticket == ticket and said.state == "ringing")
    await ada.ask(messages.Accept, offer=offer.offer)
    live = await vic.until(messages.Session, lambda said: said.state == "live", seconds=20)
    assert (live.my_leg, live.their_leg) == ("answered", "answered")
    return live.session


@pytest.mark.claim("A2")
@pytest.mark.sipp
async def test_processes_of_their_own_call_through_a_trunk(pair: Town, tmp_path: Path) -> None:
    pool = await new_pool(pair)
    async with (
        on(trunk := Script(tmp_path / "trunk", "answer", calls=2)),
        media_worker(pair, tmp_path / "log", OPENLINE_SIP_TRUNK=way(trunk)),
        pair.expert(pool, "ada") as ada,
        pair.talker(pool, "user", "vic", 1) as vic,
    ):
        await lines(pair)
        session = await matched(vic, ada)
        await vic.ask(messages.End, session=session)
        await trunk.done(3)
    assert f"sip:{VIC}@" in trunk.messages() and f"sip:{ADA}@" in trunk.messages()
    log = (tmp_path / "log").read_text()
    assert VIC[3:] not in log and ADA[3:] not in log


@pytest.mark.claim("A2", "A17")
@pytest.mark.sipp
@pytest.mark.slow
async def test_a_worker_that_dies_ends_its_telephone_sessions_by_name(pair: Town, tmp_path: Path) -> None:
    pool = await new_pool(pair)
    async with (
        on(trunk := Script(tmp_path / "trunk", "answer", calls=2)),
        media_worker(pair, tmp_path / "log", OPENLINE_SIP_TRUNK=way(trunk)) as worker,
        pair.expert(pool, "ada") as ada,
        pair.talker(pool, "user", "vic", 1) as vic,
    ):
        await lines(pair)
        session = await matched(vic, ada)
        worker.popen.kill()
        ended = await vic.until(messages.Session, lambda said: said.state == "ended", seconds=12)
        assert (ended.session, ended.reason) == (session, "media_lost")
        shot = await pair.until(pool, lambda shot: shot.experts[0].indicator == "free")
        assert not shot.tickets


@pytest.mark.claim("A2")
@pytest.mark.sipp
@pytest.mark.slow
@pytest.mark.parametrize("end", ["killed", "told to stop"])
async def test_when_a_worker_ends_at_a_turn_another_one_rings(pair: Town, tmp_path: Path, end: str) -> None:
    """One that is told to stop silences the telephone first."""
    pool = await new_pool(pair)
    async with (
        on(rings := Script(tmp_path / "rings", "ring"), answers := Script(tmp_path / "answers", "answer")),
        pair.expert(pool, "ada") as ada,
        pair.talker(pool, "user", "vic", 1) as vic,
        media_worker(pair, tmp_path / "first", OPENLINE_SIP_TRUNK=way(rings)) as first,
    ):
        await lines(pair)
        await ada.ask(messages.Declare, status="away")
        await joined(vic)
        await vic.ask(messages.CallMe, on=True)
        await ada.ask(messages.Declare, status="online")
        await until(lambda: rings.has_said("180 Ringing"), 15)
        async with media_worker(pair, tmp_path / "second", OPENLINE_SIP_TRUNK=way(answers)):
            await lines(pair, 2)
            if end == "killed":
                first.popen.kill()
            else:
                first.popen.terminate()
                await until(lambda: rings.has_said("CANCEL sip:"), 1)
            await ada.until(messages.Offer, lambda said: said.theirs and said.state == "ringing", 25)
            assert answers.has_said(f"sip:{VIC}@")
            await vic.ask(messages.Leave)
            await answers.done(3)


def way(trunk: Script) -> str:
    return f"sip:openline@{LOOPBACK}:{trunk.port};local={LOOPBACK}"


async def lines(town: Town, workers: int = 1) -> None:
    """So many workers have a telephone."""
    async with asyncio.timeout(15):
        while sum(each.lines > 0 for each in await Workers(town.store).listed()) < workers:
            await asyncio.sleep(0.1)
