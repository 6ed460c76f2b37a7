"""Voices for recordings: tones as Opus packets, and what one hears in a file."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from sessions.media.leg import Packet
from sessions.recording import spool
from sessions.recording.spool import Record, Side

RATE = 48_000
FRAME = 960


class Voice:
    """A tone of `hertz` in packets of 20 ms, numbered from `sequence` and `timestamp` on."""

    def __init__(self, hertz: int, sequence: int = 0, timestamp: int = 0) -> None:
        self._codec = av.AudioCodecContext.create("libopus", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = RATE, "mono", "s16"
        self._codec.bit_rate, self._codec.time_base = 32_000, Fraction(1, RATE)
        self._hertz = hertz
        self._at = 0
        self._sequence = sequence
        self._timestamp = timestamp

    def packet(self, *, silent: bool = False) -> Packet:
        """The next one."""
        time = np.arange(self._at, self._at + FRAME) / RATE
        sound = (0 if silent else 9000) * np.sin(2 * np.pi * self._hertz * time)
        frame = av.AudioFrame.from_ndarray(sound.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._at
        payload = b"".join(bytes(packet) for packet in self._codec.encode(frame))
        number, time_is = self._sequence & 0xFFFF, (self._timestamp + self._at) & 0xFFFF_FFFF
        self._sequence, self._at = self._sequence + 1, self._at + FRAME
        return Packet(payload, number, time_is, False)

    def skip(self, packets: int, *, lost: bool) -> None:
        """Time goes by without a packet: lost on the way, or silence that was not sent."""
        self._at += packets * FRAME
        self._sequence += packets if lost else 0


def record(side: Side, packet: Packet, at_ms: int) -> Record:
    return Record(side, at_ms, packet.sequence, packet.timestamp, packet.payload)


def write(path: Path, records: Iterable[Record], started_at: int = 1000) -> Path:
    with path.open("wb") as file:
        file.write(spool.pack_head(started_at))
        for one in records:
            file.write(spool.pack(one))
    return path


class Heard(NamedTuple):
    """A file as a player has it: samples of left and right, -1 to 1."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        return len(self.left) / RATE


def hear(path: Path) -> Heard:
    with av.open(path) as container:
        assert container.format.name == "ogg" and len(container.streams) == 1
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.codec_context.layout.name) == ("opus", "stereo")
        sound = np.concatenate([_floats(frame) for frame in container.decode(stream)], axis=1)
    return Heard(sound[0], sound[1])


def _floats(frame: Any) -> NDArray[np.float64]:
    assert frame.format.name == "fltp"
    return np.asarray(frame.to_ndarray(), np.float64)


def tone(sound: NDArray[np.float64], begin_s: float, end_s: float) -> tuple[float, float]:
    """The strongest frequency of that while (Hz, exact to 1 / its length), and how loud it is (dB of full scale)."""
    piece = sound[int(begin_s * RATE) : int(end_s * RATE)]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) / len(piece) * 4
    at = int(np.argmax(spectrum))
    return at * RATE / len(piece), 20 * float(np.log10(spectrum[at] + 1e-12))


def loud(sound: NDArray[np.float64], begin_s: float, end_s: float) -> float:
    """dB of full scale (root mean square)."""
    piece = sound[int(begin_s * RATE) : int(end_s * RATE)]
    return 10 * float(np.log10(np.mean(piece**2) + 1e-12))


def onset(sound: NDArray[np.float64], after_s: float = 0.0, level: float = 0.05) -> float:
    """Seconds to the first sample louder than `level`."""
    begin = int(after_s * RATE)
    return (begin + int(np.argmax(np.abs(sound[begin:]) > level))) / RATE


class Page(NamedTuple):
    """A page of an Ogg file (RFC 3533, 6)."""

    flags: int
    granule: int
    serial: int
    number: int
    crc: int
    body: bytes
    whole: bytes


def pages(data: bytes) -> Iterator[Page]:
    at = 0
    while at < len(data):
        assert data[at : at + 5] == b"OggS\x00"
        fields = ((6, 14), (14, 18), (18, 22), (22, 26))
        granule, serial, number, crc = (int.from_bytes(data[at + one : at + end], "little") for one, end in fields)
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        body = at + 27 + len(lacing)
        end = body + sum(lacing)
        yield Page(data[at + 5], granule, serial, number, crc, data[body:end], data[at:end])
        at = end


def crc(page: bytes) -> int:
    """Of a page whose field for it is zero: polynomial 04c11db7, nothing reflected, nothing inverted."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x8000_0000 else value << 1) & 0xFFFF_FFFF
    return value
