"""Codecs and tones: what comes out is what went in, at every rate, fast enough."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.media.sound import CHIMES, Decoder, Encoder, chime, chime_samples


def sine(hz: float, rate: int, seconds: float = 1.0, size: float = 10_000) -> np.ndarray:
    return (np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate) * size).astype(np.int16)


def loudest(samples: np.ndarray, rate: int) -> float:
    last = samples[-rate // 2 :]
    return float(np.abs(np.fft.rfft(last * np.hanning(len(last)))).argmax()) * rate / len(last)


def power(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples[len(samples) // 2 :].astype(float) ** 2)))


def through_opus(samples: np.ndarray, rate: int, heard_at: int) -> np.ndarray:
    encoder, decoder = Encoder(rate), Decoder(heard_at)
    frames = samples.reshape(-1, encoder.frame_size)
    return np.concatenate([decoder.decode(encoder.encode(frame.tobytes())) for frame in frames])


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("heard_at", [8_000, 16_000, 48_000])
def test_a_tone_goes_through_opus_at_every_rate(rate: int, heard_at: int) -> None:
    heard = through_opus(sine(1_000, rate), rate, heard_at)
    assert len(heard) == heard_at
    assert loudest(heard, heard_at) == pytest.approx(1_000, abs=3)
    assert power(heard) == pytest.approx(power(sine(1_000, rate)), rel=0.15)


@pytest.mark.parametrize(("rate", "passes", "stops"), [(8_000, 3_000, 4_800), (16_000, 6_500, 9_600)])
def test_what_a_telephone_cant_carry_is_filtered_out_instead_of_folded_back(rate, passes, stops) -> None:
    heard, folded = (through_opus(sine(hz, 48_000), 48_000, rate) for hz in (passes, stops))
    assert power(heard) > 5_000
    assert power(folded) < 20


def test_frames_cut_anywhere_are_filtered_alike() -> None:
    whole, pieces = Decoder(8_000), Decoder(8_000)
    sound = sine(700, 48_000)
    cut = np.split(sound, [1, 7, 100, 143, 960, 2_881, 40_001])
    assert np.array_equal(whole._lower(sound), np.concatenate([pieces._lower(piece) for piece in cut]))


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x03\xff\xff", bytes(1_275), b"\xff" * 400])
def test_rubbish_from_a_peer_is_some_sound_or_none(payload: bytes) -> None:
    decoder = Decoder()
    assert len(decoder.decode(payload)) <= 5_760
    assert len(decoder.decode(Encoder().encode(sine(500, 48_000, 0.02)))) == 960


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_some_sound_or_none(payload: bytes) -> None:
    assert len(Decoder().decode(payload)) <= 5_760


@pytest.mark.parametrize("name", CHIMES)
def test_chimes_can_be_heard_and_end_softly(name: str) -> None:
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(payload) for payload in chime(name)])
    assert len(heard) == 960 * len(chime(name))
    assert np.abs(heard).max() > 4_000
    seconds = sum(length for _, length in CHIMES[name])
    assert abs(len(chime_samples(name, 8_000)) - seconds * 8_000) < 5
    assert abs(int(chime_samples(name)[-1])) < 200


def test_a_frame_costs_well_below_a_millisecond() -> None:
    encoder, decoder, frames = Encoder(8_000), Decoder(8_000), sine(600, 8_000).reshape(-1, 160)
    began = time.process_time()
    for frame in frames:
        decoder.decode(encoder.encode(frame))
    assert (time.process_time() - began) / len(frames) < 0.002  # twice a millisecond for both ways on a busy machine
