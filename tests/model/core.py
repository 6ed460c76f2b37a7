"""The state of the model and the questions one can ask it. Nothing here changes anything."""

from collections.abc import Iterator

from queueing.settings import PoolSettings
from tests.model.state import Expert, Offer, Session, Ticket


class Core:
    """The state of one pool."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self.experts: dict[str, Expert] = {}
        self.tickets: dict[str, Ticket] = {}
        self.leases: dict[str, int] = {}
        self.attached: dict[tuple[str, str], set[str]] = {}
        self.touched: dict[str, None] = {}
        self.seen_offers: dict[str, str] = {}
        """Whom the store offers to each expert after the present command: it settles what the text leaves open."""
        self.entries = 0
        self.joined = self.served = self.left = 0
        self.ended: list[Session] = []

    # ------------------------------------------------------------ experts

    def present(self, expert: Expert) -> bool:
        return bool(self.attached.get(("expert", expert.name))) or expert.here_until > 0

    def indicator(self, expert: Expert) -> str:
        """The first that holds, in the order of ARCHITECTURE.md."""
        if expert.engagement == "in_session":
            return "busy"
        if expert.declared == "offline" or not self.present(expert):
            return "offline"
        if expert.engagement != "idle":
            return expert.engagement.replace("_", "-")
        if not expert.open:
            return "closed"
        return "away" if expert.declared == "away" else "free"

    def line_shut(self, expert: Expert) -> str:
        """Why the line can't be joined: expert_offline, line_closed, or nothing."""
        if expert.declared == "offline" or self.indicator(expert) == "offline":
            return "expert_offline"
        return "" if expert.open else "line_closed"

    # ------------------------------------------------------------ lines

    def line(self, expert: str) -> list[Ticket]:
        """The tickets in the line, in order of ordinal."""
        inside = [ticket for ticket in self.tickets.values() if expert in ticket.lines]
        return sorted(inside, key=lambda ticket: ticket.lines[expert])

    def passed_because(self, ticket: Ticket, expert: str) -> str:
        """Why a ticket is not ready for this expert, or nothing when it is."""
        if ticket.state != "waiting":
            return "elsewhere"
        if not ticket.connected:
            return "disconnected"
        if ticket.paused_until:
            return ticket.pause_reason
        return "declined" if expert in ticket.declined_until else ""

    def ready(self, expert: str) -> list[Ticket]:
        return [ticket for ticket in self.line(expert) if not self.passed_because(ticket, expert)]

    # ------------------------------------------------------------ time

    def deadlines(self) -> list[tuple[int, str, str]]:
        """Everything that will happen by itself: when, what, to whom; earliest first."""
        found = [(at, "lease", name) for name, at in self.leases.items()]
        found += [(session.forget_at, "forget", session.user) for session in self.ended]
        for expert in self.experts.values():
            found += [(at, kind, expert.name) for kind, at in self._of_expert(expert)]
        for ticket in self.tickets.values():
            found += [(at, kind, f"{ticket.user}/{key}") for kind, at, key in self._of_ticket(ticket)]
        return sorted(entry for entry in found if entry[0] > 0)

    def _of_expert(self, expert: Expert) -> Iterator[tuple[str, int]]:
        yield "here", expert.here_until
        yield "hours", expert.hours_at
        yield "wrap_up", expert.wrap_until
        yield "keep", expert.keep_until
        if expert.offer:
            yield from self._of_offer(expert.offer)
        if expert.session:
            yield from self._of_session(expert.session)

    @staticmethod
    def _of_offer(offer: Offer) -> Iterator[tuple[str, int]]:
        yield "ring", 0 if offer.expert_ok else offer.ring_until
        yield "ready", 0 if offer.user_ok else offer.ready_until

    @staticmethod
    def _of_session(session: Session) -> Iterator[tuple[str, int]]:
        yield "connect", session.connect_until if session.state == "connecting" else 0
        yield "cap", session.cap_until
        yield "gone", min(session.lost.values(), default=0)

    def _of_ticket(self, ticket: Ticket) -> Iterator[tuple[str, int, str]]:
        if ticket.state not in ("waiting", "offered"):
            return
        yield "max_wait", ticket.joined_at + self.settings.max_wait_ms, ""
        yield "pause", ticket.paused_until, ""
        for expert, until in ticket.declined_until.items():
            yield "declined", until, expert
        if not ticket.connected:
            yield "grace", ticket.grace_until, ""
