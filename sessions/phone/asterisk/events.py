"""What Asterisk tells by its events, and what it means for a call. Pure."""

from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from sessions.phone.engine import CallState, Ended, ended_by

KEYS: Final = frozenset("0123456789*#ABCD")
RINGING: Final = frozenset({"RINGING", "PROGRESS", "PROCEEDING"})
CLEARED: Final = frozenset({0, 16, 31})
"""Q.850 causes of an answered call that one side simply ended: normal clearing, normal unspecified; 0 is none."""
IN_WORDS: Final[dict[int, Ended]] = {17: "busy", 18: "no_answer", 19: "no_answer", 20: "no_answer", 21: "declined"}
"""Q.850 causes of a call that was never answered: user busy, not responding, no answer, absent, rejected."""
WANTED: Final = (
    "StasisStart",
    "ChannelStateChange",
    "Dial",
    "ChannelDestroyed",
    "ChannelDtmfReceived",
    "ApplicationReplaced",
)
"""The events that we listen to; Asterisk is asked not to send the others."""


class Place(Struct, frozen=True):
    """What a channel is doing."""

    app: str = msgspec.field(default="", name="app_name")


class Channel(Struct, frozen=True):
    """As much of a channel as matters here."""

    id: str
    state: str = ""
    place: Place = msgspec.field(default=Place(), name="dialplan")
    variables: dict[str, str] = msgspec.field(default_factory=dict, name="channelvars")

    @property
    def step(self) -> CallState | None:
        """How far it has come; None when there is nothing to tell yet. Answered is who we can steer."""
        if self.state == "Up":
            return "answered" if self.place.app == "Stasis" else None
        return "ringing" if self.state in ("Ring", "Ringing") else None


class Event(Struct, frozen=True):
    """Any event; what it doesn't have is empty."""

    type: str
    channel: Channel | None = None
    peer: Channel | None = None
    dialstatus: str = ""
    cause: int = 0
    tech_cause: int = 0
    """The SIP status, where this release of Asterisk tells it."""
    digit: str = ""


class Step(NamedTuple):
    """What happened to a channel."""

    channel: str
    state: CallState | None = None
    cause: int = 0
    code: int = 0
    key: str = ""


class _Bridge(Struct, frozen=True):
    id: str


_event: Final = msgspec.json.Decoder(Event)
_channels: Final = msgspec.json.Decoder(list[Channel])
_bridges: Final = msgspec.json.Decoder(list[_Bridge])
_channel: Final = msgspec.json.Decoder(Channel)


def event_of(data: str | bytes) -> Event:
    """Raises msgspec.MsgspecError for what is no event."""
    return _event.decode(data)


def channels_of(data: bytes) -> list[Channel]:
    """Raises msgspec.MsgspecError for what is no list of channels."""
    return _channels.decode(data)


def bridges_of(data: bytes) -> list[str]:
    """Their ids. Raises msgspec.MsgspecError for what is no list of bridges."""
    return [bridge.id for bridge in _bridges.decode(data)]


def channel_of(data: bytes) -> Channel:
    """Raises msgspec.MsgspecError for what is no channel."""
    return _channel.decode(data)


def step_of(event: Event) -> Step | None:
    """What an event means for its channel; None for what changes nothing."""
    match event:
        case Event(type="StasisStart", channel=Channel(id=channel)):
            return Step(channel, "answered")
        case Event(type="ChannelDestroyed", channel=Channel(id=channel)):
            return Step(channel, "ended", event.cause, event.tech_cause)
        case Event(type="ChannelStateChange", channel=Channel(id=channel) as found) if found.step == "ringing":
            return Step(channel, "ringing")
        case Event(type="Dial", peer=Channel(id=channel), dialstatus=status) if status in RINGING:
            return Step(channel, "ringing")
        case Event(type="ChannelDtmfReceived", channel=Channel(id=channel), digit=key) if key in KEYS:
            return Step(channel, key=key)
    return None


def ended_in_words(cause: int, code: int, *, answered: bool) -> Ended:
    """How a call ended, by the Q.850 cause and, where it is known, the SIP status."""
    if answered:
        return "hung_up" if cause in CLEARED else "failed"
    return ended_by(code) if code else IN_WORDS.get(cause, "failed")
