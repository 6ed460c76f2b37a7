"""The state of the model and the questions one can ask it. Nothing here changes anything."""

from collections.abc import Iterator
from typing import Any

from queueing.settings import PoolSettings
from tests.model.state import Expert, Offer, Session, Ticket

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
Deadline = tuple[int, str, Any]
"""When, what by its name in the store, and to whom."""


class Core:
    """The state of one pool."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self.experts: dict[str, Expert] = {}
        self.tickets: dict[str, Ticket] = {}
        self.leases: dict[str, int] = {}
        self.attached: dict[tuple[str, str], set[str]] = {}
        self.carried: dict[str, list[Session]] = {}
        """The sessions whose media each worker carries, in the order in which they came to it."""
        self.touched: dict[str, None] = {}
        self.entries = self.things = 0
        self.joined = self.served = self.left = 0
        self.ended: list[Session] = []

    def new_id(self, letter: str) -> str:
        """Tickets, offers and sessions are numbered in one row, in base 36: ids order deadlines of one instant."""
        self.things += 1
        digits, rest = "", self.things
        while rest:
            rest, digit = divmod(rest, 36)
            digits = DIGITS[digit] + digits
        return f"{letter}{digits}-"

    # ------------------------------------------------------------ experts

    def present(self, expert: Expert) -> bool:
        return bool(self.attached.get(("expert", expert.name))) or expert.here_until > 0

    def indicator(self, expert: Expert) -> str:
        """The first that holds, in the order of ARCHITECTURE.md."""
        if expert.engagement == "in_session":
            return "busy"
        if not expert.open and expert.engagement == "idle":
            return "closed"
        if expert.declared == "offline" or not self.present(expert):
            return "offline"
        if expert.engagement != "idle":
            return expert.engagement.replace("_", "-")
        return "away" if expert.declared == "away" else "free"

    def line_shut(self, expert: Expert) -> str:
        """Why the line can't be joined: line_closed, expert_offline, or nothing."""
        if not expert.open:
            return "line_closed"
        return "expert_offline" if expert.declared == "offline" or self.indicator(expert) == "offline" else ""

    # ------------------------------------------------------------ lines

    def line(self, expert: str) -> list[Ticket]:
        """The tickets in the line, in order of ordinal."""
        inside = [ticket for ticket in self.tickets.values() if expert in ticket.lines]
        return sorted(inside, key=lambda ticket: ticket.lines[expert])

    def passed_because(self, ticket: Ticket, expert: str) -> str:
        """Why a ticket is not ready for this expert, or nothing when it is."""
        if ticket.state != "waiting":
            return "elsewhere"
        if not ticket.connected and not ticket.by_phone(expert):
            return "disconnected"
        if ticket.paused_until:
            return ticket.pause_reason
        return "declined" if expert in ticket.declined_until else ""

    def ready(self, expert: str) -> list[Ticket]:
        return [ticket for ticket in self.line(expert) if not self.passed_because(ticket, expert)]

    # ------------------------------------------------------------ time

    def deadlines(self) -> list[Deadline]:
        """Everything that will happen by itself, earliest first; at one instant in the order of the names."""
        found: list[Deadline] = [(at, f"lease:{name}", name) for name, at in self.leases.items()]
        found += [(session.forget_at, f"forget:{session.id}", session) for session in self.ended]
        for expert in self.experts.values():
            found += self._of_expert(expert)
        for ticket in self.tickets.values():
            found += self._of_ticket(ticket)
        return sorted((entry for entry in found if entry[0] > 0), key=lambda entry: entry[:2])

    def _of_expert(self, expert: Expert) -> Iterator[Deadline]:
        yield expert.here_until, f"gone:expert:{expert.name}", expert
        yield expert.hours_at, f"hours:{expert.name}", expert
        yield expert.open_until, f"override:{expert.name}", expert
        yield expert.closing_at, f"closing:{expert.name}", expert
        yield expert.wrap_until, f"wrap:{expert.name}", expert
        yield expert.keep_until, f"keep:{expert.name}", expert
        if expert.offer:
            yield from self._of_offer(expert.offer)
        if expert.session:
            yield from self._of_session(expert.session)

    @staticmethod
    def _of_offer(offer: Offer) -> Iterator[Deadline]:
        yield 0 if offer.expert_ok else offer.ring_until, f"ring:{offer.id}", offer
        yield 0 if offer.user_ok else offer.ready_until, f"ready:{offer.id}", offer

    def _of_session(self, session: Session) -> Iterator[Deadline]:
        yield session.connect_until if session.state == "connecting" else 0, f"connect:{session.id}", session
        yield session.cap_until, f"cap:{session.id}", session
        yield session.ends_with_money(), f"zero:{session.id}", session
        if session.rate and session.state == "live":
            told = session.minute_told or not session.running
            yield 0 if told else self.last_minute(session), f"minute:{session.id}", session
            yield 0 if session.running else session.frozen_until, f"frozen:{session.id}", session
        for side, until in session.lost.items():
            yield until, f"lost:{side}/{session.id}", (session, side)

    @staticmethod
    def last_minute(session: Session) -> int:
        """When the last minute begins of a metered session whose clock runs."""
        return min(session.ends_with_money(), session.cap_until) - 60_000

    def _of_ticket(self, ticket: Ticket) -> Iterator[Deadline]:
        if ticket.state not in ("waiting", "offered"):
            return
        yield ticket.joined_at + self.settings.max_wait_ms, f"wait:{ticket.id}", ticket
        yield ticket.paused_until, f"pause:{ticket.id}", ticket
        for expert, until in ticket.declined_until.items():
            yield until, f"retry:{expert}/{ticket.id}", (ticket, expert)
        if not ticket.connected and not ticket.call_me:
            yield ticket.grace_until, f"grace:{ticket.id}", ticket
