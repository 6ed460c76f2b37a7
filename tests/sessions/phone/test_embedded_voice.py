"""Sound in the worker: whole frames, and a delay that stays short whatever the clocks do."""

from types import SimpleNamespace

import pytest
from baresip import AudioNotActive, AudioRestarted

from sessions.phone.embedded.frames import FRAME, frames_of
from sessions.phone.embedded.voice import HIGH, LATE, Voice


class Line:
    """A call's buffers, as the stack has them: what is written waits until it is drained."""

    def __init__(self) -> None:
        self.waiting = 0
        self.arrived = b""
        self.problem: Exception | None = None

    def info(self) -> SimpleNamespace:
        self._check()
        return SimpleNamespace(tx_buffered=self.waiting)

    def read(self, max_bytes: int) -> bytes:
        self._check()
        got, self.arrived = self.arrived[:max_bytes], self.arrived[max_bytes:]
        return got

    def write(self, pcm: bytes) -> int:
        self._check()
        self.waiting += len(pcm)
        return len(pcm)

    def drain(self) -> None:
        self.waiting = max(0, self.waiting - FRAME)

    def _check(self) -> None:
        if self.problem:
            raise self.problem


def answered(line: Line) -> Voice:
    voice = Voice(line)
    voice.answer()
    return voice


def test_nothing_before_the_answer() -> None:
    line = Line()
    voice = Voice(line)
    line.arrived = bytes(3 * FRAME + 100)
    voice.play(bytes(FRAME))
    assert voice.hear() == b"" and line.waiting == 0
    voice.answer()
    assert voice.hear() == b"", "what was played before the answer is gone"


def test_whole_frames() -> None:
    line = Line()
    voice = answered(line)
    line.arrived = b"a" * (FRAME + 100)
    assert voice.hear() == b"a" * FRAME
    line.arrived = b"b" * (FRAME - 100)
    assert voice.hear() == b"a" * 100 + b"b" * (FRAME - 100)
    assert [len(frame) for frame in frames_of(bytes(3 * FRAME))] == [FRAME] * 3


def test_a_worker_that_stood_still_hears_the_newest() -> None:
    line = Line()
    voice = answered(line)
    line.arrived = b"old!" * 2000 + b"new!" * (LATE // 4)
    assert voice.hear() == b"new!" * (LATE // 4)


def test_a_cushion_of_one_frame_and_no_more_for_long() -> None:
    line = Line()
    voice = answered(line)
    for _ in range(5):
        voice.play(bytes(FRAME))  # a burst
    assert line.waiting > 3 * FRAME
    for _ in range(400):
        line.drain()
        voice.play(bytes(FRAME))
    assert FRAME <= line.waiting <= 2 * FRAME


@pytest.mark.parametrize("faster", [1.05, 2.0])
def test_a_clock_that_runs_fast(faster: float) -> None:
    line = Line()
    voice = answered(line)
    worst, credit = 0, 0.0
    for _ in range(3000):
        line.drain()
        credit += faster
        while credit >= 1:
            credit -= 1
            voice.play(bytes(FRAME))
        worst = max(worst, line.waiting)
    assert worst <= HIGH + FRAME


@pytest.mark.parametrize("problem", [AudioNotActive("gone"), AudioRestarted("anew")])
def test_media_that_come_and_go(problem: Exception) -> None:
    line = Line()
    voice = answered(line)
    line.problem = problem
    voice.play(bytes(FRAME))
    assert voice.hear() == b""
    line.problem = None
    line.arrived = bytes(FRAME)
    assert voice.hear() == bytes(FRAME)
