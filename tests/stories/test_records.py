"""What stays of an afternoon: each expert's states with their times, as the server wrote them down."""

import asyncio
import itertools
import time

import pytest

from presence.history import Span, time_in_state, timeline
from tests.stories.people import ADA
from tests.stories.scene import Scene
from tests.stories.test_situations import meet
from wire import messages

FOR_EVER = 2**53


@pytest.mark.claim("B8", "B11", "B33", "B34", "B35", "B38")
async def test_the_server_keeps_when_an_expert_was_free_and_when_helping(offstage: Scene) -> None:
    began = time.time_ns() // 1_000_000
    scene = offstage
    await scene.begin([ADA])
    ada, uma = await asyncio.gather(scene.present("ada"), scene.talker("user", "uma"))
    session = await meet(uma, ada, "ada")
    await uma.light("ada", "busy")
    await uma.ask(messages.End, session=session.session)
    await uma.light("ada", "wrap-up")
    await ada.ask(messages.FinishWrapUp)
    await uma.light("ada", "free")
    await ada.ask(messages.Declare, status="away", reason="Tea")
    await uma.light("ada", "away")
    expected = ["free", "ringing", "busy", "wrap-up", "free", "away"]
    spans = await told(scene)
    async with asyncio.timeout(10):
        while [span.indicator for span in spans] != expected:
            await asyncio.sleep(0.05)
            spans = await told(scene)
    assert spans[-1].reason == "Tea"
    assert all(earlier.to_ms == later.from_ms for earlier, later in itertools.pairwise(spans))
    busy = await time_in_state(scene.books.database, scene.pool, "ada", began, spans[-1].from_ms)
    assert busy["busy"] == spans[2].to_ms - spans[2].from_ms


async def told(scene: Scene) -> list[Span]:
    """The timeline, without the time before the expert came."""
    spans = await timeline(scene.books.database, scene.pool, "ada", 0, FOR_EVER)
    return [span for span in spans if span.indicator != "offline"]
