"""What a worker is told of a pool, whatever it makes of it."""

import pytest

from ground.journal import Journal
from ground.store import Store
from queueing.facts import SessionFacts
from sessions.media import following
from sessions.media.following import Follower
from tests.sessions.media.callers import until
from tests.sessions.media.scenes import scene, workers_of_its_own


async def test_news_that_break_something_do_not_end_the_news(
    store: Store, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else sessions would go on after their end."""
    workers_of_its_own(monkeypatch)
    monkeypatch.setattr(following, "RETRY_S", 0.05)
    told: list[SessionFacts] = []
    breaking: list[Exception] = []

    def news(facts: SessionFacts, _at: int) -> None:
        if breaking:
            raise breaking.pop()
        told.append(facts)

    async with scene(store, pool) as here:
        session = await here.session()
        follower = Follower(pool, "m1", here.line, Journal(store), news, lambda _session: None)
        await follower.open()
        breaking += [ZeroDivisionError(), ZeroDivisionError()]  # at the entry, and at the snapshot that is read instead
        await here.media.bridge(pool, session, "m1")
        await until(lambda: told[-1].worker == "m1")
        await here.line.end(pool, session, "user", "u0")
        await until(lambda: told[-1].state == "ended")
        await follower.close()
