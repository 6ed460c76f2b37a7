"""Sign-ins that end while somebody comes, and ends that no whisper told."""

import asyncio
from contextlib import suppress

import pytest

from ground.clock import SystemClock
from ground.sql import Database
from identity.arrivals import Arrivals
from identity.sign_ins import SignIns
from identity.tokens import Identity
from server.endings import KEPT_S, Ending, Endings, watch


@pytest.mark.parametrize(
    ("who", "over"),
    [
        (("demo", "user", "uma", "one"), True),
        (("demo", "user", "uma", "two"), False),
        (("demo", "user", "uma", ""), False),
        (("demo", "user", "viktor", "one"), False),
        (("demo", "expert", "uma", "one"), False),
        (("other", "user", "uma", "one"), False),
    ],
)
def test_the_end_of_one_sign_in_concerns_its_sockets_only(who: tuple[str, str, str, str], over: bool) -> None:
    assert Ending("demo", "user", "uma", "signed_out", "one").concerns(*who) is over
    assert Ending("demo", "user", "uma", "blocked").concerns(*who) is (who[:3] == ("demo", "user", "uma"))


def test_what_ended_since_a_hello_began_is_remembered_for_a_while() -> None:
    endings = Endings()
    endings.note(Ending("demo", "user", "uma", "signed_out", "one"), 100.0)
    assert endings.why("demo", "user", "uma", "one", since=99.9) == "signed_out"
    assert endings.why("demo", "user", "uma", "one", since=100.1) == "", "what the books said afterwards is newer"
    assert endings.why("demo", "user", "uma", "two", since=99.9) == ""
    endings.sweep(100.0 + KEPT_S + 0.1)
    assert endings.why("demo", "user", "uma", "one", since=99.9) == ""


async def test_the_books_are_looked_into_and_each_end_is_told_once(database: Database) -> None:
    told: list[tuple[str, ...]] = []
    heard = asyncio.Event()

    def sign_out(*ending: str) -> None:
        told.append(ending)
        heard.set()

    sign_ins, clock = SignIns(database), SystemClock()
    task = asyncio.create_task(watch(sign_ins, sign_out, clock, every_s=0.01))
    for _ in range(2):
        who = Identity(pool="demo", role="user", subject="uma", name="", expires_at=0, token_id="")
        uma = await Arrivals(database).of(who, "visitor", now=clock.now_ms())
        await sign_ins.end(uma, uma.token_id, clock.now_ms())
        async with asyncio.timeout(10):
            await heard.wait()
        heard.clear()
        assert told[-1] == ("demo", "user", "uma", "signed_out", uma.token_id)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert len(told) == 2
