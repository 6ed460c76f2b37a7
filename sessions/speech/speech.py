"""A voice: the program espeak-ng, started for each sentence. As a program, because the library's licence is the GPL.

The words go to it by stdin, so that no list of processes shows them, and no secret of our environment goes along.
"""

import asyncio
import os
import shutil
import signal
from collections import OrderedDict
from contextlib import suppress
from typing import Final

import av
import numpy as np

from sessions.media.sound import OPUS_RATE, Samples
from sessions.speech.texts import Language

PROGRAM: Final = "espeak-ng"
OFF: Final = "off"
WORDS_MAX: Final = 500
TIME_S: Final = 5.0
END_S: Final = 2.0
AT_ONCE: Final = 2
SECONDS_MAX: Final = 60
CACHE_BYTES: Final = 24 * 1024 * 1024
"""More than four minutes of sound: all that is ever said fits twice."""
_RATES: Final = range(8_000, 48_001)
_BYTES_MAX: Final = SECONDS_MAX * 48_000 * 2
# Of our environment: the rest holds secrets.
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "ESPEAK_DATA_PATH", "TMPDIR")


class CannotSpeak(Exception):
    """The program is missing, failed, took too long or gave no sound. The text says which, and never the words."""


def program_of(setting: str) -> str:
    """The program that OPENLINE_SPEECH names, by default espeak-ng where there is one; "" where nothing is to speak.

    Raises CannotSpeak for a program that is not there.
    """
    if setting == OFF:
        return ""
    found = shutil.which(setting or PROGRAM)
    if setting and not found:
        raise CannotSpeak(f"there is no program {setting}")
    return found or ""


class Speech:
    """Says words. `program` takes the options of espeak-ng. What was said is kept, up to `CACHE_BYTES`."""

    def __init__(self, program: str, time_s: float = TIME_S) -> None:
        self._program = program
        self._time_s = time_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, str], Samples] = OrderedDict()

    async def say(self, language: Language, words: str) -> Samples:
        """The sound of `words` at 48 kHz; not to be changed. Raises CannotSpeak."""
        key = (language, words)
        if len(words) > WORDS_MAX or "\x00" in words:
            raise CannotSpeak("those are no words to say")
        if key not in self._kept:
            async with self._turns:
                self._keep(key, _samples(await self._run(language, words)))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[str, str], samples: Samples) -> None:
        samples.flags.writeable = False
        self._kept[key] = samples
        while len(self._kept) > 1 and sum(each.nbytes for each in self._kept.values()) > CACHE_BYTES:
            self._kept.popitem(last=False)

    async def _run(self, language: Language, words: str) -> bytes:
        """What the program writes: a WAV file whose length it doesn't know beforehand."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._program, "-v", language, "-b", "1", "--stdin", "--stdout", cwd="/",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )  # fmt: skip
        except OSError as error:
            raise CannotSpeak(type(error).__name__) from None
        try:
            async with asyncio.timeout(self._time_s):
                wave = await _told(process, words.encode())
                if await process.wait():
                    raise CannotSpeak(f"the program ended with {process.returncode}")
                return wave
        except TimeoutError:
            raise CannotSpeak("it takes too long") from None
        except (BrokenPipeError, ConnectionResetError, RuntimeError):  # the last is uvloop's, of a pipe that is closed
            raise CannotSpeak("the program doesn't listen") from None
        finally:
            await _end(process)


async def _told(process: asyncio.subprocess.Process, words: bytes) -> bytes:
    """All that the program answers, unless that is too much."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(words)
    await process.stdin.drain()
    process.stdin.close()
    said = bytearray()
    while part := await process.stdout.read(65_536):
        said += part
        if len(said) > _BYTES_MAX:
            raise CannotSpeak("that is too much sound")
    return bytes(said)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of it is left: neither the program, with what it started itself, nor our end of its pipes."""
    assert process.stdout is not None
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            while await process.stdout.read(65_536):  # a pipe that isn't read to its end stays open
                pass
            await process.wait()


def _samples(wave: bytes) -> Samples:
    """The sound of a WAV file of 16-bit mono, at 48 kHz. Raises CannotSpeak."""
    rate, pcm = _read(wave)
    if rate == OPUS_RATE:
        return pcm
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="s16", layout="mono", rate=OPUS_RATE)
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    if not parts:
        raise CannotSpeak("the program gave no sound")
    return np.concatenate([part.to_ndarray().reshape(-1) for part in parts]).astype(np.int16)


def _read(wave: bytes) -> tuple[int, Samples]:
    """The rate and the samples. The sizes in the head of a stream are none."""
    at, rate = 12, 0
    while wave[:4] == b"RIFF" and wave[8:12] == b"WAVE" and at + 8 <= len(wave):
        name, size = wave[at : at + 4], int.from_bytes(wave[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt " and wave[at : at + 4] == b"\x01\x00\x01\x00" and wave[at + 14 : at + 16] == b"\x10\x00":
            rate = int.from_bytes(wave[at + 4 : at + 8], "little")
        if name == b"data" and rate in _RATES and len(wave) > at + 1:
            pcm = wave[at : at + size]
            return rate, np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)
        at += size
    raise CannotSpeak("the program gave no sound")
