"""What a media worker says to telephones: phrases and codes, ready to be played."""

import asyncio
from typing import Final, get_args

import numpy as np
import structlog

from sessions.media.sound import OPUS_RATE, Decimator, Samples, packets
from sessions.speech.speech import CannotSpeak, Speech
from sessions.speech.texts import WORDS, Language, Phrase, language_of

AGAIN_S: Final = 60.0
"""How long after a failure it is tried whether the voice is back."""
DIGIT_PAUSE_S: Final = 0.3
PAUSE_S: Final = 0.8
"""Before the first word, for who still lifts the telephone to the ear, and between the two readings of a code."""
_ANNOUNCED: Final[tuple[Phrase, ...]] = ("connecting", "minute_left", "recording")
_log = structlog.get_logger("openline.speech")


class Voice:
    """One per worker. `speaks` is whether it can; a voice that fails is silent, and what it stands for goes on."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._packets: dict[tuple[Language, Phrase], tuple[bytes, ...]] = {}
        self.speaks = False

    async def keep(self) -> None:
        """Learns all that is ever said, and again after a failure. Runs until cancelled."""
        while True:
            if not self.speaks:
                await self.prepare()
            await asyncio.sleep(AGAIN_S)

    async def prepare(self) -> None:
        """Every phrase and digit once: from now on nobody waits for the program."""
        try:
            for language in get_args(Language):
                for words in (*WORDS[language].values(), *"0123456789"):
                    await self._speech.say(language, words)
                for phrase in _ANNOUNCED:
                    await self._opus(language, phrase)
        except CannotSpeak as why:
            self._failed(why)
        else:
            self.speaks = True
            _log.info("voice")

    async def announced(self, tag: str, phrase: Phrase) -> tuple[bytes, ...]:
        """A phrase as Opus packets of 20 ms, in the language of a tag; none where it can't be said."""
        try:
            return await self._opus(language_of(tag), phrase)
        except CannotSpeak as why:
            self._failed(why)
            return ()

    async def phrase(self, tag: str, phrase: Phrase, rate: int) -> Samples:
        """A phrase as samples at a telephone's rate; none where it can't be said."""
        language = language_of(tag)
        try:
            samples = await self._speech.say(language, WORDS[language][phrase])
        except CannotSpeak as why:
            self._failed(why)
            return np.zeros(0, np.int16)
        return await asyncio.to_thread(_lowered, np.concatenate([_silence(PAUSE_S), samples]), rate)

    async def code(self, tag: str, code: str, rate: int) -> tuple[Samples, Samples]:
        """A code as samples at a telephone's rate, two readings of it, digit by digit. Raises CannotSpeak."""
        language = language_of(tag)
        try:
            first = await self._reading(language, "code", code)
            again = await self._reading(language, "again", code)
        except CannotSpeak as why:
            self._failed(why)
            raise
        return await asyncio.to_thread(_lowered, first, rate), await asyncio.to_thread(_lowered, again, rate)

    async def _reading(self, language: Language, phrase: Phrase, code: str) -> Samples:
        parts = [_silence(PAUSE_S)]
        for words in (WORDS[language][phrase], *code):
            parts += [await self._speech.say(language, words), _silence(DIGIT_PAUSE_S)]
        return np.concatenate(parts)

    async def _opus(self, language: Language, phrase: Phrase) -> tuple[bytes, ...]:
        """Encoded beside the loop: it takes as long as several packets of a call may."""
        key = (language, phrase)
        if key not in self._packets:
            samples = await self._speech.say(language, WORDS[language][phrase])
            self._packets[key] = await asyncio.to_thread(lambda: tuple(packets(samples)))
        return self._packets[key]

    def _failed(self, why: CannotSpeak) -> None:
        self.speaks = False
        _log.error("cannot_speak", why=str(why))


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * OPUS_RATE), np.int16)


def _lowered(samples: Samples, rate: int) -> Samples:
    """At a lower rate, a second at a time: the filter takes a hundred times the memory of what it is given."""
    down = Decimator(OPUS_RATE // rate)
    return np.concatenate([down.lower(samples[at : at + OPUS_RATE]) for at in range(0, len(samples), OPUS_RATE)])
