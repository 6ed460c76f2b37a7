"""Finding known sounds in what a telephone heard, by correlation: sample for sample, wherever they begin."""

import numpy as np
from numpy.typing import NDArray

from sessions.media.sound import Samples


def likeness(heard: Samples, sound: Samples) -> NDArray[np.float64]:
    """For each place of `heard` how like `sound` it is from there on: 1 where it is the same, whatever its loudness."""
    one, other = heard.astype(float), sound.astype(float)
    size = 1 << (len(one) + len(other)).bit_length()
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    places = max(0, len(one) - len(other) + 1)
    product = np.fft.irfft(spectrum, size)[:places]
    power = np.concatenate([[0.0], np.cumsum(one**2)])
    here = power[len(other) : len(other) + places] - power[:places]
    like: NDArray[np.float64] = product / np.sqrt(np.maximum(here, 1e4) * (other**2).sum())
    return like


def best(heard: Samples, sound: Samples) -> tuple[float, int]:
    """How like it is where it is most so, and that place."""
    found = likeness(heard, sound)
    at = int(found.argmax()) if len(found) else 0
    return (float(found[at]), at) if len(found) else (0.0, 0)


def told(heard: Samples, sounds: dict[str, Samples], least: float = 0.7) -> str:
    """The sounds that are in `heard`, by name and in their order; where two are alike, the one that is more so."""
    hits: list[tuple[float, int, int, str]] = []
    for name, sound in sounds.items():
        size, like = len(loud(sound)), likeness(heard, loud(sound))
        hits += [(float(like[at]), int(at), int(at) + size, name) for at in np.flatnonzero(like > least)]
    found: list[tuple[int, int, str]] = []
    for _, start, end, name in sorted(hits, reverse=True):
        if all(end <= other or start >= until for other, until, _ in found):
            found.append((start, end, name))
    return "".join(name for _, _, name in sorted(found))


def loud(sound: Samples) -> Samples:
    """Without the silence before and after it."""
    at = np.flatnonzero(np.abs(sound) > 300)
    return sound[at[0] : at[-1] + 1]


def samples(pcm: bytes) -> Samples:
    """Signed 16 bits, as a telephone keeps them."""
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)


def by_ear(heard: Samples, sounds: dict[str, Samples], rate: int = 8_000, pause_s: float = 0.35) -> str:
    """Which of the sounds each piece between two pauses is most like. What is none of them is taken for one, too.

    It also understands a sound with gaps, as a telephone hears it from a machine that has too much to do.
    """
    frames = heard[: len(heard) // 160 * 160].astype(float).reshape(-1, 160)
    on = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 150)
    pieces = np.split(on, np.flatnonzero(np.diff(on) * 160 > pause_s * rate) + 1)
    cuts = [np.pad(heard[piece[0] * 160 : piece[-1] * 160 + 160], rate) for piece in pieces if len(piece)]
    return "".join(max(sounds, key=lambda name: best(cut, loud(sounds[name]))[0]) for cut in cuts)


def spoken(heard: Samples, sound: Samples, rate: int = 8_000) -> tuple[float, int]:
    """How like pieces of 300 ms of the sound are to something in `heard`, and where it begins.

    It also understands a sound with gaps, see `by_ear`.
    """
    size = rate * 3 // 10
    pieces = [at for at in range(0, len(sound) - size, size) if np.abs(sound[at : at + size]).max() > 2_000]
    found = [best(heard, sound[at : at + size]) for at in pieces]
    begins = int(np.median([place - at for (_, place), at in zip(found, pieces, strict=True)]))
    near = [like for (like, place), at in zip(found, pieces, strict=True) if abs(place - at - begins) < rate]
    return sum(near) / len(pieces), begins
