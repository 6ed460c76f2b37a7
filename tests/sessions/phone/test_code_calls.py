"""Calls that confirm a number: keys that are pressed, and codes that a real telephone hears."""

import asyncio
import time
from pathlib import Path

import pytest

from ground.errors import Refusal
from sessions.media.orders import TellCode, Told
from sessions.phone.code_calls import tell_code
from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.speech.speech import Speech, program_of
from sessions.speech.voice import Voice
from tests.ports import LOOPBACK
from tests.sessions.phone.peers import Peer, Phone, Script, on, until
from tests.sessions.phone.trunks import loopback
from tests.sessions.speech.listening import by_ear, samples
from tests.sessions.speech.test_speech import program
from tests.sessions.speech.test_voice import digits

CODE = "402915"


def order(peer: Peer, language: str) -> TellCode:
    return TellCode(f"sip:{peer.user}@{LOOPBACK}:{peer.port}", CODE, language, "", 5)


@pytest.mark.claim("A2")
@pytest.mark.baresip
@pytest.mark.speech
async def test_a_telephone_hears_the_code_twice_and_is_hung_up(tmp_path: Path) -> None:
    """What comes out of the telephone, after G.711 and RTP, is taken down by ear: by likeness to the ten digits."""
    speech, engine = Speech(program_of("")), EmbeddedPhone(loopback())
    voice = Voice(speech)
    await voice.prepare()
    try:
        async with on(phone := Phone(tmp_path / "phone")):
            assert await asyncio.wait_for(tell_code(engine, order(phone, "de"), voice), 40) == Told("answered")
            await phone.sees("CALL_CLOSED", 1)
            heard = by_ear(samples(phone.heard()), await digits(speech, "de", 8_000))
            assert heard.endswith(CODE) and CODE in heard[:-6]
            await until(lambda: engine.free_lines() == 10)
    finally:
        await engine.close()


@pytest.mark.baresip
@pytest.mark.speech
async def test_who_hangs_up_before_the_code_was_told_it_not(tmp_path: Path) -> None:
    engine, voice = EmbeddedPhone(loopback()), Voice(Speech(program_of("")))
    try:
        async with on(phone := Phone(tmp_path / "phone")):
            telling = asyncio.create_task(tell_code(engine, order(phone, "en"), voice))
            await phone.sees("CALL_ESTABLISHED", 20)
            await asyncio.sleep(0.3)
            hung_up = time.monotonic()
            await phone.do("hangup")
            assert await asyncio.wait_for(telling, 5) == Told("hung_up")
            assert time.monotonic() - hung_up < 1.5
    finally:
        await engine.close()


@pytest.mark.sipp
@pytest.mark.speech
async def test_who_does_not_pick_up_is_told_nothing(tmp_path: Path) -> None:
    engine, voice = EmbeddedPhone(loopback()), Voice(Speech(program_of("")))
    try:
        async with on(script := Script(tmp_path / "refuse", "refuse", code="486")):
            assert await tell_code(engine, order(script, "es"), voice) == Told("busy")
    finally:
        await engine.close()


async def test_where_nothing_speaks_nothing_rings(tmp_path: Path) -> None:
    engine = EmbeddedPhone(loopback())
    try:
        for voice in (None, Voice(Speech(program(tmp_path, "exit 1")))):
            with pytest.raises(Refusal, match="no_media"):
                await tell_code(engine, TellCode("sip:nobody@192.0.2.1", CODE, "de", "", 5), voice)
        assert engine.free_lines() in (0, 10), "no line was taken"
    finally:
        await engine.close()
