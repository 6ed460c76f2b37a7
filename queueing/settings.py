"""What a pool may set about its lines. Every duration is bounded, so that every state has a deadline."""

from typing import Annotated

from msgspec import Meta, Struct

Millis = Annotated[int, Meta(ge=1, le=7 * 86_400_000)]
Count = Annotated[int, Meta(ge=1, le=1000)]


class PoolSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """The settings of one pool. Durations in milliseconds."""

    lines_per_ticket: Annotated[int, Meta(ge=1, le=16)] = 3
    line_limit: Count = 100
    ring_ms: Millis = 30_000
    ready_after_ms: Millis = 120_000
    """A user who waited longer than this confirms with a ready check."""
    ready_ms: Millis = 20_000
    """Time to answer the ready check."""
    unready_pause_ms: Millis = 60_000
    """How long a ticket that missed its ready check is passed over before it is asked the second and last time."""
    decline_pause_ms: Millis = 60_000
    """How long an expert is not offered again the ticket that they declined."""
    declines_max: Annotated[int, Meta(ge=1, le=100)] = 2
    """The ticket drops from the line of an expert who declined it this many times."""
    grace_ms: Millis = 60_000
    """How long a lost user keeps the place, and a lost side its session."""
    presence_grace_ms: Millis = 5_000
    """How long an expert whose last connection closed still counts as here (a reload)."""
    step_away_max_ms: Millis = 900_000
    wrap_up_ms: Millis = 30_000
    connect_ms: Millis = 30_000
    """How long both sides have to be connected after the match."""
    session_cap_ms: Millis = 4 * 3_600_000
    """The longest session."""
    frozen_max_ms: Millis = 120_000
    """How long the clock of a metered session may stand still in all."""
    max_wait_ms: Millis = 4 * 3_600_000
    """The longest wait."""
    line_keep_ms: Millis = 300_000
    """How long the line of an expert who went offline or closed is kept."""
    closing_notice_ms: Millis = 900_000
    """How long before an expert's hours end those who wait are told whether they will be served."""
    call_ms: Millis = 40_000
    """How long the telephone of a user rings whose turn it is (`call_me`)."""
    bridge_audio: Annotated[int, Meta(ge=0, le=1)] = 0
    """1: the audio of every session flows through a media worker, also where nothing is charged."""
