"""Frames to messages: what is understood, and what is refused by which name."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import messages
from wire.codec import CODECS, JSON, MSGPACK, BadMessage, Codec

OP = "operation-1"
JOIN = {"t": "join", "id": 3, "op": OP, "experts": ["ada"]}
BAD = [
    ({"t": "nope", "id": 7}, "unknown_message", "$.t", 7),
    ({"id": 7}, "unknown_message", "$.t", 7),
    ({"t": 5, "id": 7}, "unknown_message", "$.t", 7),
    ({"t": "ping", "id": 7, "password": "x"}, "unknown_field", "$", 7),
    ({"t": "ping"}, "bad_field", "$.id", 0),
    ({"t": "ping", "id": -1}, "bad_field", "$.id", 0),
    ({"t": "ping", "id": 2**40}, "bad_field", "$.id", 0),
    ({"t": "ping", "id": "7"}, "bad_field", "$.id", 0),
    ({"t": "ping", "id": 1.5}, "bad_field", "$.id", 0),
    ({**JOIN, "experts": []}, "bad_field", "$.experts", 3),
    ({**JOIN, "experts": ["ada"] * 17}, "too_long", "$.experts", 3),
    ({**JOIN, "experts": ["ada", 5]}, "bad_field", "$.experts[1]", 3),
    ({**JOIN, "experts": ["ada\n"]}, "bad_field", "$.experts[0]", 3),
    ({**JOIN, "experts": ["{other}"]}, "bad_field", "$.experts[0]", 3),
    ({**JOIN, "op": "short"}, "bad_field", "$.op", 3),
    ({**JOIN, "mode": "video"}, "bad_field", "$.mode", 3),
    ({"t": "say", "id": 1, "op": OP, "session": "s", "text": "x" * 4001}, "too_long", "$.text", 1),
    ({"t": "say", "id": 1, "op": OP, "session": "s", "text": ""}, "bad_field", "$.text", 1),
    ({"t": "say", "id": 1, "op": OP, "session": "s", "text": "a\x00b"}, "bad_field", "$.text", 1),
    ({"t": "leave", "id": 1, "op": OP, "expert": "a:b"}, "bad_field", "$.expert", 1),
    (["ping", 1], "malformed", "$", 0),
    (5, "malformed", "$", 0),
]


JUNK = [b"", b"\xff", b"[" * 60_000, b"\x91" * 60_000, b'{"t":"ping","id":1}x', b"\x81\xa1t\xa1\xff"]
NAMES = {"malformed", "unknown_message", "unknown_field", "bad_field", "too_long"}


def frame(codec: Codec, value: Any) -> bytes:
    return json.dumps(value).encode() if codec.is_text else msgspec.msgpack.encode(value)


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.subprotocol)
@pytest.mark.parametrize(("sent", "code", "detail", "number"), BAD)
def test_a_bad_message_is_named(codec: Codec, sent: Any, code: str, detail: str, number: int) -> None:
    with pytest.raises(BadMessage) as caught:
        codec.decode(frame(codec, sent))
    assert (caught.value.code, caught.value.detail, caught.value.id) == (code, detail, number)


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.subprotocol)
def test_a_good_message_with_its_defaults(codec: Codec) -> None:
    assert codec.decode(frame(codec, JOIN)) == messages.Join(id=3, op=OP, experts=["ada"], mode="chat")


def test_nothing_of_what_was_sent_comes_back() -> None:
    for sent in ({"t": "<secret>", "id": 1}, {"t": "ping", "id": 1, "<secret>": 1}, {**JOIN, "experts": ["<secret>"]}):
        with pytest.raises(BadMessage) as caught:
            JSON.decode(json.dumps(sent))
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.subprotocol)
@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_malformed(codec: Codec, junk: bytes) -> None:
    with pytest.raises(BadMessage) as caught:
        codec.decode(junk)
    assert caught.value.code == "malformed"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_a_named_error(junk: bytes) -> None:
    for codec in CODECS.values():
        assert outcome(codec, junk) in NAMES | {"understood"}


def outcome(codec: Codec, junk: bytes) -> str:
    try:
        codec.decode(junk)
    except BadMessage as bad:
        return bad.code
    return "understood"


def test_both_codecs_carry_a_server_message_the_same() -> None:
    sent = messages.LineChange(seq=9, at=1, expert="ada", joined=[3], left=[1], moved=[(2, 4)], length=2)
    for codec in (JSON, MSGPACK):
        assert codec.decode_server(codec.encode(sent)) == sent


def test_a_text_codec_takes_text() -> None:
    assert JSON.decode('{"t":"ping","id":1}') == messages.Ping(id=1)
