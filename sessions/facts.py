"""What the journal says about what was said."""

from typing import Literal

from msgspec import Struct


class FileFacts(Struct, kw_only=True, frozen=True):
    """A file that was said. `type` is what its content was found to be; pixels are 0 for what is no picture."""

    file: str
    name: str
    type: str
    size: int
    width: int = 0
    height: int = 0


class SaidFacts(Struct, tag_field="k", tag="said", kw_only=True):
    """A chat message as it stands now. `n` counts from 1 within the session; `op` is the sender's operation id.

    `edited_at` is when it was changed last, 0 before; each change is later than the one before. One that is `unsaid`
    has neither words nor a file, for good.
    """

    session: str
    n: int
    side: Literal["user", "expert"]
    text: str
    at: int
    op: str
    edited_at: int = 0
    unsaid: bool = False
    file: FileFacts | None = None


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
