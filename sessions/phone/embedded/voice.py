"""The sound of one call in the worker process: 20 ms frames in and out, with a bound on what may wait.

A phone's clock and ours differ, and frames come in bursts. A cushion of one frame hides small bursts; what waited for a
whole second without need is taken out frame by frame; when more than `HIGH` waits, frames are dropped until only `LOW`
does. So the delay stays below 120 ms however long the call, and near 30 ms where frames come evenly.
"""

from typing import Final, Protocol

from baresip import AudioNotActive, AudioRestarted

from sessions.phone.embedded.frames import FRAME

SILENCE: Final = bytes(FRAME)
LOW: Final = 2 * FRAME
HIGH: Final = 5 * FRAME
NEEDLESS: Final = FRAME
WINDOW: Final = 50
"""Frames, a second: what always waited meanwhile beyond `NEEDLESS` is not needed against bursts."""
LATE: Final = 5 * FRAME
"""When more than this has piled up unread, only the newest of it is heard."""


class Info(Protocol):
    """What is asked of the stack's own description of a call's sound."""

    @property
    def tx_buffered(self) -> int: ...


class Audio(Protocol):
    """The members of baresip's CallAudio that are used here."""

    def info(self) -> Info: ...

    def read(self, max_bytes: int) -> bytes: ...

    def write(self, pcm: bytes) -> int: ...


class Voice:
    """Sound of one answered call."""

    def __init__(self, audio: Audio) -> None:
        self._audio = audio
        self._rest = b""
        self._full = False
        self._least = HIGH
        self._played = 0
        self.answered = False

    def answer(self) -> None:
        """The phone has answered: what it played before that is thrown away."""
        self.answered = True
        self._read()
        self._rest = b""

    def hear(self) -> bytes:
        """Whole frames that came from the phone since last time; empty when none."""
        if not self.answered:
            return b""
        pcm = self._rest + self._read()
        whole = len(pcm) - len(pcm) % FRAME
        self._rest = pcm[whole:]
        return pcm[max(0, whole - LATE) : whole]

    def _read(self) -> bytes:
        """All that waits. Nothing before media, after the end, and while media are renegotiated."""
        try:
            return self._audio.read(16 * LATE)
        except (AudioNotActive, AudioRestarted):
            return b""

    def play(self, frame: bytes) -> None:
        """One frame to the phone, dropped when too much waits already."""
        if not self.answered:
            return
        try:
            waiting = self._audio.info().tx_buffered
            if not self._too_much(waiting):
                self._audio.write(frame if waiting else SILENCE + frame)
        except (AudioNotActive, AudioRestarted):
            return

    def _too_much(self, waiting: int) -> bool:
        self._full = waiting > (LOW if self._full else HIGH)
        self._least = min(self._least, waiting)
        self._played += 1
        if self._played < WINDOW:
            return self._full
        needless, self._least, self._played = self._least > NEEDLESS, HIGH, 0
        return self._full or needless
