"""The voice itself: what it says in each language, and what becomes of a program that does what it wants."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.media.sound import OPUS_RATE
from sessions.speech import speech as module
from sessions.speech.speech import CannotSpeak, Speech, program_of
from sessions.speech.texts import WORDS, Language, Phrase, language_of


@pytest.mark.speech
async def test_every_phrase_is_said_in_every_language_and_all_of_them_differ() -> None:
    speech = Speech(program_of(""))
    said = {words: await speech.say(language, words) for language in WORDS for words in WORDS[language].values()}
    for sound in said.values():
        assert sound.dtype == np.int16 and 0.8 < len(sound) / OPUS_RATE < 8
        assert np.abs(sound).max() > 8_000
    assert len({sound.tobytes() for sound in said.values()}) == len(said)


@pytest.mark.speech
@pytest.mark.parametrize("language", get_args(Language))
async def test_digits_differ_in_every_language(language: Language) -> None:
    speech = Speech(program_of(""))
    said = [await speech.say(language, digit) for digit in "0123456789"]
    assert len({sound.tobytes() for sound in said}) == 10
    assert all(0.2 < len(sound) / OPUS_RATE < 2 and np.abs(sound).max() > 5_000 for sound in said)


def test_every_language_says_every_phrase() -> None:
    assert all(set(phrases) == set(get_args(Phrase)) for phrases in WORDS.values())
    assert set(WORDS) == set(get_args(Language))


@pytest.mark.parametrize(
    ("tag", "language"), [("de", "de"), ("de-AT", "de"), ("AR-eg", "ar"), ("es-419", "es"), ("", "en"), ("fr", "en")]
)
def test_another_language_is_english(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_which_program_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program_of("off") == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program_of("") == ""
    with pytest.raises(CannotSpeak, match="no-such-voice"):
        program_of("no-such-voice")
    assert program_of(program(tmp_path, "")) == str(tmp_path / "voice")


def program(folder: Path, does: str) -> str:
    """A program of our own that stands in for the voice."""
    path = folder / "voice"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o700)
    return str(path)


def wave(samples: int, rate: int = 22_050, channels: int = 1) -> bytes:
    form = b"\x01\x00" + channels.to_bytes(2, "little") + rate.to_bytes(4, "little") + bytes(4) + b"\x02\x00\x10\x00"
    head = b"RIFF\xff\xff\xff\x7fWAVE" + b"fmt \x10\x00\x00\x00" + form + b"data\xff\xff\xff\x7f"
    return head + (np.sin(np.arange(samples) / 5) * 9_000).astype("<i2").tobytes()


async def test_words_go_by_stdin_and_no_secret_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINE_SECRET", "hush")
    (tmp_path / "sound").write_bytes(wave(2_205))
    does = f'echo "$@" > {tmp_path}/words; env > {tmp_path}/env; cat > {tmp_path}/stdin; cat {tmp_path}/sound'
    sound = await Speech(program(tmp_path, does)).say("de", "Nur für Sie")
    assert abs(len(sound) - 4_800) < 50
    assert (tmp_path / "stdin").read_text("utf-8") == "Nur für Sie"
    assert "Sie" not in (tmp_path / "words").read_text()
    assert "hush" not in (tmp_path / "env").read_text() and "OPENLINE" not in (tmp_path / "env").read_text()


async def test_what_was_said_is_kept_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_BYTES", 3 * 9_700)
    (tmp_path / "sound").write_bytes(wave(2_205))
    speech = Speech(program(tmp_path, f"echo >> {tmp_path}/runs; cat > /dev/null; cat {tmp_path}/sound"))

    async def runs_of(*words: str) -> int:
        for each in words:
            await speech.say("en", each)
        return len((tmp_path / "runs").read_text())

    assert await runs_of("one", "one", "two", "three") == 3
    assert await runs_of("one", "four", "one") == 4, "what was used last stays"
    assert await runs_of("two") == 5
    with pytest.raises(ValueError, match="read-only"):
        (await speech.say("en", "two"))[0] = 1


async def test_few_programs_run_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(wave(2_205))
    does = f"""cat > /dev/null; echo + >> {tmp_path}/log; sleep 0.1; echo - >> {tmp_path}/log; cat {tmp_path}/sound"""
    speech = Speech(program(tmp_path, does), 20)
    await asyncio.gather(*(speech.say("en", str(n)) for n in range(7)))
    now = most = 0
    for step in (tmp_path / "log").read_text().split():
        now += 1 if step == "+" else -1
        most = max(most, now)
    assert most == 2


@pytest.mark.parametrize(
    "does",
    [
        "sleep 60",
        "cat > /dev/null; cat /dev/zero",
        "cat > /dev/null; exit 3",
        "cat > /dev/null; echo 'no sound at all'",
        "cat > /dev/null",
        "exec < /dev/null; kill -9 $$",
    ],
)
async def test_a_program_that_does_what_it_wants(tmp_path: Path, does: str) -> None:
    began = time.monotonic()
    with pytest.raises(CannotSpeak):
        await Speech(program(tmp_path, does), 1.5).say("en", "Hello")
    assert time.monotonic() - began < 6


async def test_one_that_is_missing_or_too_much_to_say(tmp_path: Path) -> None:
    with pytest.raises(CannotSpeak, match="FileNotFoundError"):
        await Speech(str(tmp_path / "gone")).say("en", "Hello")
    for words in ("a" * 501, "nul\x00"):
        with pytest.raises(CannotSpeak, match="no words"):
            await Speech(shutil.which("true") or "true").say("en", words)


@pytest.mark.parametrize("broken", [wave(9)[:30], wave(0), wave(9, 5), wave(9, channels=2), b"RIFX" + wave(9)[4:]])
def test_what_is_no_sound_of_ours_is_refused(broken: bytes) -> None:
    with pytest.raises(CannotSpeak):
        module._samples(broken)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_bytes_are_some_sound_or_none(rubbish: bytes, at: int) -> None:
    try:
        found = module._samples(wave(20)[:at] + rubbish)
    except CannotSpeak:
        return
    assert found.dtype == np.int16
