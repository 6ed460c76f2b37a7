"""Bytes to messages and back, for both sub-protocols.

Decoding is strict: a frame is a whole, known, well-formed message or a `BadMessage` that says by name what is wrong
and where, without repeating what was sent.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wire import messages

_UNKNOWN_FIELD = re.compile(r"^Object contains unknown field `")
_PATH = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`$")
_UNSAFE_IN_PATH = re.compile(r"[^A-Za-z0-9_.\[\]$]")


class BadMessage(Exception):
    """A frame that is no message. `code` is one of `malformed`, `unknown_message`, `unknown_field`, `bad_field`,
    `too_long`; `detail` is the path of the field (`$.experts[1]`), never its value; `id` numbers the request if
    that much could be read, else 0."""

    def __init__(self, code: str, detail: str = "", request: int = 0) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.id = request


class _Numbered(msgspec.Struct):
    """The part of a bad request that still lets the answer find its caller."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Codec:
    """One sub-protocol: its name, whether its frames are text, and both directions."""

    subprotocol: str
    is_text: bool
    _encoder: Any
    _client: Any
    _server: Any
    _numbered: Any

    def encode(self, message: msgspec.Struct) -> bytes:
        """The frame of one message of either side."""
        encoded: bytes = self._encoder.encode(message)
        return encoded

    def decode(self, frame: bytes | str) -> messages.ClientMessage:
        """A client's message. Raises BadMessage."""
        try:
            message: messages.ClientMessage = self._client.decode(frame)
            return message
        except msgspec.ValidationError as wrong:
            raise _named(wrong, self._request_id(frame)) from None
        except (ValueError, TypeError, RecursionError):
            raise BadMessage("malformed") from None

    def decode_server(self, frame: bytes | str) -> messages.ServerMessage:
        """A server's message, for clients written in Python. Raises msgspec.MsgspecError."""
        message: messages.ServerMessage = self._server.decode(frame)
        return message

    def _request_id(self, frame: bytes | str) -> int:
        try:
            number: int = self._numbered.decode(frame).id
        except (ValueError, TypeError, RecursionError):
            return 0
        return number if 0 <= number <= 2**31 else 0


def _named(wrong: msgspec.ValidationError, request: int) -> BadMessage:
    """Give msgspec's sentence one of our names. Its wording is held by tests/wire/test_codec.py."""
    sentence = str(wrong)
    found = _PATH.search(sentence)
    path = _UNSAFE_IN_PATH.sub("", found.group(1))[:80] if found else "$"
    if path == "$.t" or sentence == "Object missing required field `t`":
        return BadMessage("unknown_message", "$.t", request)
    if _UNKNOWN_FIELD.match(sentence):
        return BadMessage("unknown_field", path, request)
    if "of length <=" in sentence:
        return BadMessage("too_long", path, request)
    if path == "$" and sentence.startswith("Expected `object`"):
        return BadMessage("malformed", "$", request)
    missing = re.match(r"^Object missing required field `(\w+)`", sentence)
    return BadMessage("bad_field", f"{path}.{missing.group(1)}" if missing else path, request)


def _codec(subprotocol: str, *, is_text: bool, room: Any) -> Codec:
    return Codec(
        subprotocol,
        is_text,
        room.Encoder(),
        room.Decoder(messages.ClientMessage),
        room.Decoder(messages.ServerMessage),
        room.Decoder(_Numbered),
    )


MSGPACK: Final = _codec("openline.v1.msgpack", is_text=False, room=msgspec.msgpack)
JSON: Final = _codec("openline.v1.json", is_text=True, room=msgspec.json)
CODECS: Final[dict[str, Codec]] = {codec.subprotocol: codec for codec in (MSGPACK, JSON)}
