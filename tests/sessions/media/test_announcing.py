"""Announcements: a tone for everybody, and words for telephones, each in its own language."""

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sessions.media.announcing import Announcer
from sessions.media.bridge import Bridge
from sessions.media.leg import Packet, Sink
from sessions.media.sound import Decoder, Samples, chime, chime_samples
from sessions.speech.speech import Speech, program_of
from sessions.speech.texts import WORDS, Language
from sessions.speech.voice import Voice
from tests.sessions.media.callers import until
from tests.sessions.speech.listening import best, loud
from tests.sessions.speech.test_speech import program


class Browser:
    """A leg that keeps what it is played."""

    heard_at = 0.0

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def listen(self, sink: Sink) -> None:
        """It says nothing."""

    def send(self, packet: Packet) -> None:
        self.packets.append(packet)

    def sound(self) -> Samples:
        decoder = Decoder()
        return np.concatenate([decoder.decode(packet.payload) for packet in self.packets])

    async def close(self) -> None:
        """Nothing to let go of."""


class Telephone(Browser):
    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language


@pytest.mark.claim("B28")
@pytest.mark.speech
async def test_words_follow_the_tone_on_telephones_alone() -> None:
    speech = Speech(program_of(""))
    user, expert, browser = Telephone("de-CH"), Telephone("ar"), Browser()
    bridge = Bridge(user, expert)
    voice = Voice(speech)
    announcer = Announcer(bridge, voice)
    announcer.announce("minute_left")
    words: dict[Browser, Language] = {user: "de", expert: "ar"}
    sounds = {leg: loud(await speech.say(language, WORDS[language]["minute_left"])) for leg, language in words.items()}
    sizes = {leg: len(chime("minute_left")) + len(await voice.announced(words[leg], "minute_left")) for leg in words}
    await until(lambda: {leg: len(leg.packets) for leg in words} == sizes)
    for leg, other in ((user, expert), (expert, user)):
        at = [best(leg.sound(), chime_samples("minute_left")), best(leg.sound(), sounds[leg])]
        assert all(like > 0.9 for like, _ in at) and at[0][1] < at[1][1]
        assert best(leg.sound(), sounds[other])[0] < 0.5
        gaps = {(b.sequence - a.sequence) & 0xFFFF for a, b in zip(leg.packets, leg.packets[1:], strict=False)}
        assert gaps == {1}, "one stream"
    bridge.replace("expert", browser)
    announcer.announce("recording", ["expert"])
    await until(lambda: len(browser.packets) == len(chime("recording")))
    announcer.announce("connecting", ["expert"])
    await asyncio.sleep(0.1)
    assert len(browser.packets) == len(chime("recording")), "the page says it"
    bridge.close()
    await announcer.close()


async def test_where_nothing_speaks_the_tone_stands_alone(tmp_path: Path) -> None:
    user = Telephone("de")
    bridge = Bridge(user, Browser())
    for voice in (None, Voice(Speech(program(tmp_path, "exit 1")))):
        before = len(user.packets)
        announcer = Announcer(bridge, voice)
        announcer.announce("recording")
        await until(partial(_has, user, before + len(chime("recording"))))
        await asyncio.sleep(0.1)
        assert _has(user, before + len(chime("recording")))
        await announcer.close()
    bridge.close()


def _has(leg: Browser, packets: int) -> bool:
    return len(leg.packets) == packets


@pytest.mark.speech
async def test_words_for_somebody_who_has_gone_are_not_said_to_the_next() -> None:
    gone, here = Telephone("de"), Browser()
    bridge = Bridge(gone, Browser())
    announcer = Announcer(bridge, Voice(Speech(program_of(""))))
    announcer.announce("connecting", ["user"])
    bridge.replace("user", here)
    await until(lambda: not announcer._speaking)
    await asyncio.sleep(0.05)
    assert not here.packets and not gone.packets
    bridge.close()
    await announcer.close()
