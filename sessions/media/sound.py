"""Sound itself: Opus to samples and back, and the tones that we make.

Samples are 16-bit mono, little-endian as bytes. One Opus decoder or encoder serves one stream; a frame takes well below
a millisecond.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

Samples = NDArray[np.int16]

OPUS_RATE = 48_000
TAPS = 144
"""Length of the low-pass filter at 48 kHz: 3 ms, and 70 dB down from a tenth above what the lower rate can carry."""
_EMPTY: Samples = np.zeros(0, np.int16)


class Encoder:
    """Samples to Opus, at 8, 16 or 48 kHz; the codec itself takes the lower rates, so nothing is resampled here."""

    def __init__(self, rate: int = OPUS_RATE, bit_rate: int = 32_000) -> None:
        self._rate = rate
        self._codec = AudioCodecContext.create("libopus", "w")
        assert isinstance(self._codec, AudioCodecContext)
        self._codec.sample_rate = rate
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.bit_rate = bit_rate
        # 20 ms a packet; repairs a lost packet from the next one (in-band FEC) as if one of twenty were lost.
        self._codec.options = {"application": "voip", "frame_duration": "20", "fec": "1", "packet_loss": "5"}

    @property
    def frame_size(self) -> int:
        """Samples of a frame."""
        return self._rate // 50

    def encode(self, frame: bytes | Samples) -> bytes:
        """One packet of one frame (20 ms)."""
        samples = np.frombuffer(frame, np.int16) if isinstance(frame, bytes) else frame
        sound = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate = self._rate
        return b"".join(bytes(packet) for packet in self._codec.encode(sound))


class Decoder:
    """Opus to samples at 48 kHz, or filtered down to a telephone's rate."""

    def __init__(self, rate: int = OPUS_RATE) -> None:
        self._codec: Any = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = OPUS_RATE
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._down = None if rate == OPUS_RATE else Decimator(OPUS_RATE // rate)

    def decode(self, payload: bytes) -> Samples:
        """The samples of a packet, as many as it holds; none where it can't be read."""
        try:
            frames = self._codec.decode(av.Packet(payload)) if payload else []
        except av.FFmpegError:
            frames = []
        return self._lower(np.concatenate([_EMPTY, *(frame.to_ndarray().reshape(-1) for frame in frames)]))

    def _lower(self, samples: Samples) -> Samples:
        return samples if self._down is None else self._down.lower(samples)


class Decimator:
    """Takes a stream down to a `factor`-th of its rate: a windowed-sinc low-pass, then each `factor`-th sample."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._filter = _low_pass(factor)
        self._kept = np.zeros(TAPS - 1, np.float32)

    def lower(self, samples: Samples) -> Samples:
        """The next samples at the lower rate; a rest that makes no whole sample waits for the next call."""
        row = np.concatenate([self._kept, samples.astype(np.float32)])
        windows = np.lib.stride_tricks.sliding_window_view(row, TAPS)[:: self._factor] if len(row) >= TAPS else None
        if windows is None:
            self._kept = row
            return _EMPTY
        self._kept = row[len(windows) * self._factor :]
        return np.clip(np.rint(windows @ self._filter), -32768, 32767).astype(np.int16)


@cache
def _low_pass(factor: int) -> NDArray[np.float32]:
    """A sinc cut at nine tenths of the lower rate's limit under a Kaiser window, with unit gain."""
    at = np.arange(TAPS) - (TAPS - 1) / 2
    raw = np.sinc(at * 0.9 / factor) * np.kaiser(TAPS, 7.0)
    return np.asarray(raw / raw.sum(), np.float32)


CHIMES: dict[str, tuple[tuple[float, float], ...]] = {
    "minute_left": ((880.0, 0.18), (660.0, 0.30), (0.0, 0.12), (880.0, 0.18), (660.0, 0.30)),
    "recording": ((1400.0, 0.25),),
    "ringing": ((425.0, 1.0), (0.0, 4.0)),  # one turn of the tone of most countries (ITU-T E.180, supplement 2)
}
"""Tones (Hz, seconds; 0 Hz is a pause) that can't be taken for one another. In a browser the page says the words, on a
telephone they follow (`announcing.py`)."""
LOUDNESS = 0.25
FADE_S = 0.01


@cache
def chime(name: str) -> tuple[bytes, ...]:
    """A tone of `CHIMES` as Opus packets of 20 ms."""
    return tuple(packets(chime_samples(name)))


def prepare() -> None:
    """Makes all chimes now: a tenth of a second in which no call should have to wait."""
    for name in CHIMES:
        chime(name)


def chime_samples(name: str, rate: int = OPUS_RATE) -> Samples:
    """A tone of `CHIMES`, for a leg that takes samples."""
    return np.concatenate([_tone(hz, seconds, rate) for hz, seconds in CHIMES[name]])


def _tone(hz: float, seconds: float, rate: int) -> Samples:
    """A sine that fades in and out, so that it doesn't click."""
    at = np.arange(round(seconds * rate)) / rate
    edge = np.clip(np.minimum(at, seconds - at) / FADE_S, 0, 1)
    return (np.sin(2 * np.pi * hz * at) * edge * LOUDNESS * 32767).astype(np.int16)


def packets(samples: Samples) -> Iterable[bytes]:
    """Samples at 48 kHz as Opus packets of 20 ms, the last filled up with silence."""
    encoder = Encoder()
    size = encoder.frame_size
    for start in range(0, len(samples), size):
        yield encoder.encode(np.pad(samples[start : start + size], (0, max(0, start + size - len(samples)))))
