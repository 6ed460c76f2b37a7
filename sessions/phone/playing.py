"""Sound of ours to one call, in its own time: 20 ms every 20 ms."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sessions.media.orders import LAST_WORDS_S
from sessions.media.sound import Samples, chime_samples
from sessions.phone.engine import FRAME_MS, PhoneCall
from sessions.speech.texts import Phrase
from sessions.speech.voice import Voice


async def play(call: PhoneCall, samples: Samples, rate: int) -> None:
    """Plays samples, the last frame filled up with silence; returns when they are over."""
    await _pace(call, _frames(samples, rate))


async def play_again(call: PhoneCall, name: str, rate: int, pause_s: float = 0.0) -> None:
    """Plays a tone of `sessions.media.sound`, over and over. Runs until cancelled."""
    frames = _frames(chime_samples(name, rate), rate)
    while True:
        await _pace(call, frames)
        await asyncio.sleep(pause_s)


async def say_last(call: PhoneCall, voice: Voice, language: str, words: Phrase, rate: int) -> bool:
    """Says words behind which the call is to be hung up; False when they were cut off after `LAST_WORDS_S`."""
    try:
        async with asyncio.timeout(LAST_WORDS_S):
            await play(call, await voice.phrase(language, words, rate), rate)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def playing_again(call: PhoneCall, name: str, rate: int, pause_s: float = 0.0) -> AsyncIterator[None]:
    """As `play_again`, as long as the block lasts."""
    task = asyncio.create_task(play_again(call, name, rate, pause_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _frames(samples: Samples, rate: int) -> list[bytes]:
    size = rate * FRAME_MS // 1000 * 2
    pcm = samples.tobytes()
    return [pcm[at : at + size].ljust(size, b"\0") for at in range(0, len(pcm), size)]


async def _pace(call: PhoneCall, frames: Iterable[bytes]) -> None:
    """A late loop makes a pause and nothing is lost: a burst would be dropped."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for frame in frames:
        call.play(frame)
        due = max(due + FRAME_MS / 1000, loop.time())
        await asyncio.sleep(due - loop.time())
