"""What a pool consists of, as the model sees it. A user has one ticket, an expert one offer or one session."""

from dataclasses import dataclass, field

Terms = tuple[int, int, int]
"""Of one place: the rate for a minute, the free milliseconds, how long the user's money would last."""


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
    rate: int = 0
    free_ms: int = 0
    budget_ms: int = 0
    fee_bps: int = 0
    by_phone: bool = False
    """The user's telephone rings."""


@dataclass(eq=False)
class Session:
    id: str
    expert: str
    user: str
    mode: str
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
    rate: int = 0
    free_ms: int = 0
    budget_ms: int = 0
    fee_bps: int = 0
    runs: list[list[int]] = field(default_factory=list)
    """When the clock ran: begin and end of each time, the end 0 while it runs."""
    frozen: str = ""
    frozen_until: int = 0
    """When the clock of a metered session will have stood still for too long."""
    minute_told: bool = False
    quiet: dict[tuple[str, str], int] = field(default_factory=dict)
    """The last sign of a side, by each process that hears it no more."""
    cut: dict[str, int] = field(default_factory=dict)
    """Since when the media of a side have stopped."""
    flows: set[str] = field(default_factory=set)
    """The sides whose media the worker hears."""
    by_chat: set[str] = field(default_factory=set)
    bridged: bool = False
    """A media worker's word counts for both sides."""
    worker: str = ""
    phones: set[str] = field(default_factory=set)
    legs: dict[str, str] = field(default_factory=dict)
    recording: set[str] = field(default_factory=set)
    transfer_to: str = ""
    last_seen: dict[str, int] = field(default_factory=dict)
    """The last sign of a side by those who have let it go."""

    @property
    def running(self) -> bool:
        return bool(self.runs) and not self.runs[-1][1]

    def needs_no_page(self, side: str) -> bool:
        return self.mode == "phone" and (side == "user" or side in self.phones)

    def ran(self, now: int) -> int:
        return sum((end or now) - begin for begin, end in self.runs)

    def ends_with_money(self) -> int:
        """When what was set aside is used up: only while the clock runs."""
        if not self.rate or not self.running:
            return 0
        return self.runs[-1][0] + self.budget_ms - sum(end - begin for begin, end in self.runs[:-1])


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
    moved: dict[str, str] = field(default_factory=dict)
    """Lines in which an operator, or a transfer, has put this ticket."""
    call_me: bool = False
    grace_until: int = 0
    paused_until: int = 0
    pause_reason: str = ""
    must_confirm: bool = False
    unready: int = 0
    declines: dict[str, int] = field(default_factory=dict)
    declined_until: dict[str, int] = field(default_factory=dict)
    offer: Offer | None = None
    terms: dict[str, Terms] = field(default_factory=dict)
    """Locked with each place; a line without is free."""
    agreed: int = 0
    """The highest rate to which the user has said yes."""

    def rate(self, expert: str) -> int:
        return self.terms.get(expert, (0, 0, 0))[0]

    def by_phone(self, expert: str) -> bool:
        """Whether the turn is announced by telephone, which can't ask for a yes to another rate."""
        return self.call_me and self.rate(expert) <= self.agreed


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
