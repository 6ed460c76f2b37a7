"""The sound of a telephone line in pieces: 20 ms of signed 16 bits, mono, 8,000 samples a second."""

from collections.abc import Iterator
from typing import Final

RATE: Final = 8000
FRAME: Final = 320
"""Bytes of 20 ms."""


def frames_of(pcm: bytes) -> Iterator[bytes]:
    """The frames that sound consists of."""
    return (pcm[at : at + FRAME] for at in range(0, len(pcm), FRAME))
