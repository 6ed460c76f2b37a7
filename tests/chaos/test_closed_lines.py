"""Nobody is connected out of hours: not by asking directly, not at another process, not when no process is awake."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from directory.expert import Expert
from presence.facts import ExpertFacts
from tests.chaos.town import Town
from tests.model.compare import facts_of
from tests.model.scene import refusal
from tests.stories.talker import Talker
from wire import messages as m


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def around_today(what: str) -> str:
    today = datetime.fromtimestamp(time.time(), UTC).date()
    return f"{today - timedelta(days=1)}..{today + timedelta(days=1)} {what}"


async def refused(talker: Talker, kind: type[m.Request], **fields: object) -> str:
    answer = await talker.ask(kind, **fields)
    return answer.code if isinstance(answer, m.Refused) else ""


async def edges(site: Town, pool: str, expert: str) -> list[tuple[str, int]]:
    """How often and since when the expert's hours opened and closed, by the journal; reading it runs nothing."""
    facts = [fact for entry in await site.entries(pool) for fact in facts_of(entry.events)]
    mine = [fact for fact in facts if isinstance(fact, ExpertFacts) and fact.expert == expert]
    return [(fact.cause, fact.since) for fact in mine if fact.cause in ("opened", "closed")]


@contextlib.contextmanager
def asleep(site: Town) -> Iterator[None]:
    """No server process does anything meanwhile."""
    pids = [process.popen.pid for process in site.processes]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.claim("A6")
async def test_a_closed_line_is_closed_to_everybody_everywhere(pair: Town) -> None:
    listed = [Expert(expert="ada", name="Ada", exceptions=around_today("closed")), Expert(expert="bob", name="Bob")]
    pool = await pair.books.new_pool(listed)
    async with pair.expert(pool, "ada", 0) as ada, pair.expert(pool, "bob", 1):
        for process in (0, 1):
            async with pair.talker(pool, "user", f"u{process}", process) as user:
                await user.light("ada", "closed")
                assert await refused(user, m.Join, experts=["ada"]) == "line_closed"
                assert await refused(user, m.Connect, expert="ada") == "line_closed"
                assert await refused(user, m.Join, experts=["bob", "ada"]) == "line_closed"
                assert await refused(user, m.OpenFor, minutes=30) == "not_allowed"
        assert await refused(ada, m.OpenFor, minutes=30) == ""
        async with pair.talker(pool, "user", "vic", 1) as vic:
            assert (await vic.light("ada", "free")).closes > now_ms()
            assert await refused(vic, m.Join, experts=["ada"]) == ""
            await ada.until(m.Offer)


@pytest.mark.claim("A6")
async def test_a_line_closes_though_no_process_is_awake(pair: Town) -> None:
    """Both are stopped; the first command after the end of the shift finds the line closed since then."""
    pool = await pair.new_pool("bob")
    async with pair.expert(pool, "bob", 1):
        with asleep(pair):
            end = now_ms() + 1_500
            await pair.presence.set_hours(pool, "bob", [(end - 60_000, end)])
            while now_ms() <= end:
                await asyncio.sleep(0.05)
            assert (await edges(pair, pool, "bob"))[-1][0] == "opened"
            # On a slow machine the lease of Bob's process may have lapsed too.
            code = await refusal(pair.line.join(pool, "zoe", ["bob"]))
            assert code in ("line_closed", "expert_offline")
            assert (await edges(pair, pool, "bob"))[-1][0] == "closed"
