"""What the journal says about what was said."""

from typing import Literal

from msgspec import Struct


class SaidFacts(Struct, tag_field="k", tag="said", kw_only=True):
    """A chat message. `n` counts from 1 within the session; `op` is the sender's operation id."""

    session: str
    n: int
    side: Literal["user", "expert"]
    text: str
    at: int
    op: str


class DeliveredFacts(Struct, tag_field="k", tag="delivered", kw_only=True):
    """`side` has seen every message up to `n`."""

    session: str
    side: Literal["user", "expert"]
    n: int


class WhisperFacts(Struct, tag_field="k", tag="whisper", kw_only=True):
    """Typing and WebRTC signalling: published, never stored. `side` is who sent it."""

    session: str
    side: Literal["user", "expert"]
    kind: Literal["typing", "description", "candidate", "restart", "mute", "bye"]
    data: str
