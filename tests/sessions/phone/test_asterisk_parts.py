"""The pure parts of the Asterisk engine: settings, G.711, RTP and its order, the words of events."""

import asyncio
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.phone.asterisk.events import Step, ended_in_words, event_of, step_of
from sessions.phone.asterisk.g711 import SILENCE, to_g711, to_pcm
from sessions.phone.asterisk.hearing import GAP_MAX, Hearing
from sessions.phone.asterisk.rtp import Rtp, build, parse
from sessions.phone.asterisk.settings import AriProblem, AriSettings, ari_of
from sessions.phone.asterisk.speaking import WAITING_MAX, Speaking
from tests.sessions.phone.peers import until

ENV = {"OPENLINE_ARI": "http://openline@127.0.0.1:8088/ari", "OPENLINE_ARI_SECRET": "hush-hush"}


def of(**more: str) -> AriSettings:
    found = ari_of({**ENV, **{f"OPENLINE_ARI_{name}": value for name, value in more.items()}})
    assert found
    return found


def test_settings() -> None:
    found = of(ENDPOINT="PJSIP/00{digits}@trunk", CALLER="+4930901820", LINES="7", CODEC="ulaw", APP="ours")
    assert (found.url, found.user, found.secret) == ("http://127.0.0.1:8088/ari", "openline", "hush-hush")
    assert found.dialled("+4930123456") == "PJSIP/004930123456@trunk"
    assert (found.shown(""), found.shown("+4930123456")) == ("+4930901820", "+4930123456")
    assert (found.media, found.ports, found.codec, found.lines) == ("127.0.0.1", (21000, 21099), "ulaw", 7)
    assert "hush" not in repr(found) and "openline@" not in repr(found)
    assert of(ADDRESSES="PJSIP/phones/{uri}").dialled("sip:a@b.example:5060") == "PJSIP/phones/sip:a@b.example:5060"
    assert ari_of({}) is None


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    env = {"OPENLINE_ARI": ENV["OPENLINE_ARI"], "OPENLINE_ARI_SECRET_FILE": str(tmp_path / "secret")}
    found = ari_of(env)
    assert found and found.secret == "from a file"
    with pytest.raises(AriProblem, match="not both"):
        ari_of({**env, "OPENLINE_ARI_SECRET": "x"})
    with pytest.raises(AriProblem, match="can't be read: No such file"):
        ari_of({**env, "OPENLINE_ARI_SECRET_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("", "http://openline:hush-hush@127.0.0.1:8088/ari", "put it into OPENLINE_ARI_SECRET"),
        ("", "http://openline@pbx.example.net:8088/ari", "must be https"),
        ("", "http://openline@203.0.113.5:8088/ari", "must be https"),
        ("", "http://127.0.0.1:8088/ari", "names the user"),
        ("", "ftp://openline@127.0.0.1/ari", "is http"),
        ("", "http://openline@127.0.0.1:99999/ari", "is http"),
        ("", "http://openline@127.0.0.1:8088/ari?api_key=openline:x", "is http"),
        ("SECRET", "", "needs a password"),
        ("SECRET", "über", "plain ASCII"),
        ("SECRET", "x" * 256, "at most 255"),
        ("ENDPOINT", "PJSIP/trunk", r"\{number\} or \{digits\}"),
        ("ENDPOINT", "PJSIP/{number}@trunk&PJSIP/other", r"\{number\} or \{digits\}"),
        ("ENDPOINT", "PJSIP/{number}{0}", r"\{number\} or \{digits\}"),
        ("ENDPOINT", "PJSIP/{number!r}@trunk", r"\{number\} or \{digits\}"),
        ("ADDRESSES", "PJSIP/phones", r"PJSIP/phones/\{uri\}"),
        ("MEDIA", "0.0.0.0:21000-21099", "an IP address of this machine"),
        ("MEDIA", "127.0.0.1:80-90", "UDP ports from 1024"),
        ("MEDIA", "127.0.0.1:22000-21000", "UDP ports"),
        ("CODEC", "opus", "alaw or ulaw"),
        ("CALLER", "anonymous", "a number with"),
        ("LINES", "0", "from 1 to 200"),
        ("APP", "a,b", "at most 32 letters"),
    ],
)
def test_wrong_settings_are_named_with_the_way_out(name: str, value: str, says: str) -> None:
    with pytest.raises(AriProblem, match=says) as refused:
        ari_of({**ENV, f"OPENLINE_ARI_{name}".rstrip("_"): value})
    assert "hush" not in str(refused.value)


def test_a_secret_without_an_asterisk() -> None:
    with pytest.raises(AriProblem, match="set OPENLINE_ARI="):
        ari_of({"OPENLINE_ARI_SECRET": "hush-hush"})


@pytest.mark.parametrize(
    "number", ["", "+49", "110", "+4930 123456", "+493012345678901234", "sip:a@b", "+49\n30123456"]
)
def test_what_is_not_dialled(number: str) -> None:
    with pytest.raises(AriProblem, match="only numbers"):
        of().dialled(number)


@pytest.mark.parametrize("bad", ["sip:a@b,c", "sip:a@b/c", "sip:a@b&PJSIP/x", "sip:a@b;x=y", "sip:{digits}@b"])
def test_no_address_leads_out_of_its_endpoint(bad: str) -> None:
    with pytest.raises(AriProblem):
        of(ADDRESSES="PJSIP/phones/{uri}").dialled(bad)


@pytest.mark.parametrize("codec", ["alaw", "ulaw"])
def test_g711(codec) -> None:
    codes = bytes(range(256))
    levels = np.frombuffer(to_pcm(codec, codes), "<i2")
    again = np.frombuffer(to_pcm(codec, to_g711(codec, levels.tobytes())), "<i2")
    assert (levels == again).all(), "each level is its own code"
    every = np.arange(-32768, 32768, dtype=np.int32)
    heard = np.frombuffer(to_pcm(codec, to_g711(codec, every.astype("<i2").tobytes())), "<i2").astype(np.int32)
    assert (np.abs(heard - every) <= np.maximum(np.abs(every) // 16, 16)).all(), "5 bits are left of each size"
    assert np.abs(np.frombuffer(to_pcm(codec, SILENCE[codec]), "<i2")).max() <= 8


def test_known_values_of_g711() -> None:
    """ITU-T G.711, tables 1a to 2b: the ends of both scales and their middles, in 16 bits."""
    assert np.frombuffer(to_pcm("ulaw", b"\x00\x80\x7f\xff"), "<i2").tolist() == [-32124, 32124, 0, 0]
    assert np.frombuffer(to_pcm("alaw", b"\x2a\xaa\x55\xd5"), "<i2").tolist() == [-32256, 32256, -8, 8]


@given(st.binary(max_size=700))
def test_no_packet_breaks_the_reader(data: bytes) -> None:
    found = parse(data)
    assert found is None or 0 < len(found.payload) <= 480


def test_packets() -> None:
    packet = Rtp(8, True, 65535, 2**32 - 1, 7, b"\x01" * 160)
    data = build(packet)
    assert parse(data) == packet
    assert parse(data[:12]) is None, "no sound in it"
    assert parse(b"\x40" + data[1:]) is None, "version 1"
    assert parse(bytes([data[0] | 2]) + data[1:12] + bytes(8) + data[12:]) == packet, "two sources named"
    assert parse(bytes([data[0] | 0x10]) + data[1:12] + b"\xbe\xde\x00\x01abcd" + data[12:]) == packet, "an extension"
    assert parse(bytes([data[0] | 0x10]) + data[1:12] + b"\xbe\xde\xff\xff" + data[12:]) is None, "one too long"
    assert parse(bytes([data[0] | 0x20]) + data[1:] + b"\x00\x00\x03") == packet, "padding"
    assert parse(bytes([data[0] | 0x20]) + data[1:-1] + b"\xff") is None, "more padding than packet"


def sound(number: int, *, ssrc: int = 7, size: int = 160, kind: int = 8) -> Rtp:
    return Rtp(kind, False, number & 0xFFFF, number * 160 & 0xFFFF_FFFF, ssrc, bytes([number & 0x7F]) * size)


def heard(hearing: Hearing, *packets: Rtp) -> list[int]:
    """The first byte of each frame: the number of its packet, or silence."""
    return [frame[0] for packet in packets for frame in hearing.take(packet) or []]


def test_order_is_kept_and_losses_are_silence() -> None:
    hearing, quiet = Hearing("alaw"), SILENCE["alaw"][0]
    assert heard(hearing, sound(1), sound(2)) == [1, 2]
    assert heard(hearing, sound(4), sound(5)) == []
    assert heard(hearing, sound(3)) == [3, 4, 5], "it came late"
    assert heard(hearing, sound(3), sound(5)) == [], "twice"
    assert heard(hearing, sound(7), sound(8)) == []
    assert heard(hearing, sound(9)) == [quiet, 7, 8, 9], "6 is lost"
    assert heard(hearing, sound(10 + GAP_MAX + 1)) == [16], "so wide a gap is a new beginning"
    assert heard(Hearing("alaw"), sound(65535), sound(65536), sound(65537)) == [127, 0, 1]


def test_another_source_needs_two_packets() -> None:
    hearing = Hearing("alaw")
    assert heard(hearing, sound(1), sound(90, ssrc=9), sound(2)) == [1, 2]
    assert hearing.take(sound(40, ssrc=9)) is None
    assert heard(hearing, sound(41, ssrc=9), sound(42, ssrc=9)) == [41, 42]


def test_frames_are_cut_to_20_ms() -> None:
    hearing = Hearing("alaw")
    sizes = [len(frame) for number in range(4) for frame in hearing.take(sound(number, size=240)) or []]
    assert sizes == [160] * 6
    assert hearing.take(sound(4, kind=0)) is None, "another codec"
    assert hearing.take(sound(4, kind=13)) == [], "comfort noise is a sign of life"


@given(st.lists(st.tuples(st.integers(0, 65535), st.sampled_from([1, 2]), st.integers(1, 480)), max_size=60))
def test_nothing_makes_hearing_hold_much(packets: list[tuple[int, int, int]]) -> None:
    hearing = Hearing("alaw")
    for number, ssrc, size in packets:
        for frame in hearing.take(sound(number, ssrc=ssrc, size=size)) or []:
            assert len(frame) == 160
        assert len(hearing._held) < 4 and len(hearing._rest) < 160


async def test_a_burst_is_sent_in_its_own_time() -> None:
    loop, sent = asyncio.get_running_loop(), []
    speaking = Speaking("alaw", 7, lambda data: sent.append((loop.time(), parse(data))))
    for _ in range(WAITING_MAX + 10):
        speaking.say(b"x" * 160)
    await until(lambda: len(sent) > WAITING_MAX + 5)
    speaking.close()
    told = [packet for _, packet in sent]
    assert [packet.payload[0] == ord("x") for packet in told[: WAITING_MAX + 1]] == [False] + [True] * WAITING_MAX
    assert {packet.payload for packet in told[WAITING_MAX + 1 :]} == {SILENCE["alaw"]}, "the rest was dropped"
    assert told[0].marker and [packet.sequence for packet in told] == list(range(1, len(told) + 1))
    for (earlier, before), (later, after) in pairwise(sent):
        spoken_s = (after.timestamp - before.timestamp) / 8000
        assert spoken_s >= 0.02 and abs(later - earlier - spoken_s) < 0.1, "the clock goes on as time does"
    assert sent[WAITING_MAX][0] - sent[0][0] > 0.02 * WAITING_MAX - 0.01


async def test_a_closed_call_says_nothing() -> None:
    sent: list[bytes] = []
    speaking = Speaking("ulaw", 7, sent.append)
    speaking.close()
    await asyncio.sleep(0.1)
    assert len(sent) == 1


def test_events_in_words() -> None:
    assert step_of(event_of('{"type":"StasisStart","channel":{"id":"a","state":"Up"},"args":[]}')) == Step(
        "a", "answered"
    )
    assert step_of(event_of('{"type":"Dial","peer":{"id":"a"},"dialstatus":"PROGRESS"}')) == Step("a", "ringing")
    assert step_of(event_of('{"type":"Dial","peer":{"id":"a"},"dialstatus":"BUSY"}')) is None
    assert step_of(event_of('{"type":"ChannelDtmfReceived","channel":{"id":"a"},"digit":"x"}')) is None
    assert step_of(event_of('{"type":"StasisStart"}')) is None
    for bad in ("", "[]", "{}", '{"type":7}', '{"type":"Dial","peer":[]}', '{"type":"x","cause":"17"}'):
        with pytest.raises(msgspec.MsgspecError):
            event_of(bad)


@pytest.mark.parametrize(
    ("cause", "code", "answered", "ended"),
    [
        (17, 0, False, "busy"),  # of an Asterisk that tells no SIP status
        (21, 0, False, "declined"),
        (21, 403, False, "failed"),  # the trunk refused us: nobody declined
        (21, 603, False, "declined"),
        (19, 0, False, "no_answer"),
        (3, 408, False, "no_answer"),
        (1, 404, False, "failed"),
        (0, 0, False, "failed"),
        (16, 0, True, "hung_up"),
        (44, 0, True, "failed"),
    ],
)
def test_causes_in_words(cause: int, code: int, answered: bool, ended: str) -> None:
    assert ended_in_words(cause, code, answered=answered) == ended
