"""Tones to send and to find again."""

from typing import Any

import numpy as np

RATE = 8000


def tone(hz: float, seconds: float, rate: int = RATE) -> bytes:
    """A sine at half the loudness there is, signed 16 bits."""
    at = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hz * at) * 16_000).astype("<i2").tobytes()


def frames(pcm: bytes, rate: int = RATE) -> list[bytes]:
    """Frames of 20 ms."""
    size = rate // 50 * 2
    return [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]


def loudest_hz(pcm: bytes, rate: int = RATE) -> float:
    """The frequency that most of the sound's power is at; 0.0 for silence."""
    wave = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(float)
    if len(wave) == 0 or np.abs(wave).max() < 200:
        return 0.0
    return float(np.argmax(_power(wave)) * rate / len(wave))


def share_at(pcm: bytes, hz: float, rate: int = RATE) -> float:
    """How much of the sound's power is within 20 Hz of a frequency."""
    wave = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(float)
    power = _power(wave)
    near = np.abs(np.fft.rfftfreq(len(wave), 1 / rate) - hz) < 20
    return float(power[near].sum() / power.sum())


def _power(wave: Any) -> Any:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    spectrum[:2] = 0  # what doesn't swing
    return spectrum
