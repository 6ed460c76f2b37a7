"""What is ready to be said: codes digit by digit and twice, phrases, and silence where the voice fails."""

import asyncio
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sessions.media.sound import OPUS_RATE, Decimator, Decoder, Samples
from sessions.speech import voice as module
from sessions.speech.speech import CannotSpeak, Speech, program_of
from sessions.speech.texts import WORDS, Language
from sessions.speech.voice import Voice
from tests.sessions.speech.listening import best, loud, told
from tests.sessions.speech.test_speech import program


async def digits(speech: Speech, language: Language, rate: int) -> dict[str, Samples]:
    return {digit: Decimator(OPUS_RATE // rate).lower(await speech.say(language, digit)) for digit in "0123456789"}


@pytest.mark.speech
@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("language", get_args(Language))
async def test_a_code_is_read_twice_digit_by_digit(language: Language, rate: int) -> None:
    speech = Speech(program_of(""))
    sounds = await digits(speech, language, rate)
    readings = await Voice(speech).code(language, "907218", rate)
    assert [told(reading, sounds) for reading in readings] == ["907218", "907218"]
    assert all(len(reading) < 15 * rate for reading in readings)


@pytest.mark.speech
async def test_phrases_as_packets_and_as_samples() -> None:
    speech = Speech(program_of(""))
    voice = Voice(speech)
    words = loud(await speech.say("es", WORDS["es"]["minute_left"]))
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(packet) for packet in await voice.announced("es-MX", "minute_left")])
    assert best(heard, words)[0] > 0.9
    assert best(await voice.phrase("ar", "turn", 8_000), await _turn(speech))[0] > 0.9


async def _turn(speech: Speech) -> Samples:
    return loud(Decimator(6).lower(await speech.say("ar", WORDS["ar"]["turn"])))


@pytest.mark.speech
async def test_it_speaks_once_it_has_shown_that_it_can_and_until_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.05)
    gone = tmp_path / "gone"
    does = f'test -e {gone} && exit 1; exec {program_of("")} "$@"'
    voice = Voice(Speech(program(tmp_path, does)))
    keeping = asyncio.create_task(voice.keep())
    assert not voice.speaks
    async with asyncio.timeout(60):
        while not voice.speaks:
            await asyncio.sleep(0.02)
    gone.touch()
    assert len((await voice.code("de", "123456", 8_000))[0]) > 0, "what it has said before it can say"
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_a_voice_that_fails_is_silent(tmp_path: Path) -> None:
    voice = Voice(Speech(program(tmp_path, "exit 1")))
    voice.speaks = True
    assert await voice.announced("de", "recording") == () and not voice.speaks
    assert len(await voice.phrase("de", "turn", 8_000)) == 0
    with pytest.raises(CannotSpeak):
        await voice.code("de", "1", 8_000)
    await voice.prepare()
    assert not voice.speaks
