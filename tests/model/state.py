"""What a pool consists of, as the model sees it. A user has one ticket, an expert one offer or one session."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Offer:
    id: str
    expert: str
    user: str
    user_ok: bool
    expert_ok: bool
    ring_until: int
    ready_until: int
    passed: list[tuple["Ticket", str]]
    """Tickets with an earlier place which were passed over when the offer was made, each with the reason."""


@dataclass(eq=False)
class Session:
    id: str
    expert: str
    user: str
    state: str
    matched_at: int
    connect_until: int
    overtook: dict["Ticket", str]
    live_at: int = 0
    cap_until: int = 0
    end_reason: str = ""
    forget_at: int = 0
    """When nothing is known of the session any more: an hour after its end."""
    on: set[str] = field(default_factory=set)
    lost: dict[str, int] = field(default_factory=dict)
    """The sides whose connection is lost, each with the time until which it may come back."""


@dataclass(eq=False)
class Ticket:
    id: str
    user: str
    mode: str
    joined_at: int
    connected: bool
    lost_at: int
    """When the user's connection was lost, while it is."""
    state: str = "waiting"
    lines: dict[str, int] = field(default_factory=dict)
    """The ordinal in the line of each expert, in the order in which the lines were joined."""
    entered: dict[str, int] = field(default_factory=dict)
    """When the ticket came to each line, as a number that only grows: `move` does not change it for the same line."""
    moved: set[str] = field(default_factory=set)
    """Lines in which an operator has put this ticket."""
    grace_until: int = 0
    paused_until: int = 0
    pause_reason: str = ""
    must_confirm: bool = False
    unready: int = 0
    declines: dict[str, int] = field(default_factory=dict)
    declined_until: dict[str, int] = field(default_factory=dict)
    offer: Offer | None = None


@dataclass(eq=False)
class Expert:
    name: str
    declared: str = "offline"
    reason: str = ""
    windows: list[tuple[int, int]] | None = None
    open: bool = True
    hours_at: int = 0
    """The next edge of the windows, 0 for none."""
    open_until: int = 0
    """The end of "available now for", 0 when it is over."""
    closes: int = 0
    """When the present opening ends, 0 when it is not known to, or there is none."""
    closing_at: int = 0
    """When those who wait are told that it ends, 0 once they have been."""
    here_until: int = 0
    """Until when an expert without a connection still counts as here."""
    engagement: str = "idle"
    offer: Offer | None = None
    session: Session | None = None
    wrap_until: int = 0
    keep_until: int = 0
    """When the line of an expert who is offline or closed drops: 0 while they are neither, -1 when it has."""
    next_ordinal: int = 1
    head_ordinal: int = 0
