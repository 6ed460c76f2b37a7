"""What is due is done first: earliest first, each as of its own time and followed by dispatch."""

from tests.model.clock import LEASE_MS
from tests.model.flow import Flow
from tests.model.state import Expert, Offer, Session, Ticket


class Due(Flow):
    """Deadlines at work. Each method is named after the deadline that it does."""

    def run_due(self, now: int) -> int:
        """Do what is due at `now`. Returns when the next thing is due, 0 for never."""
        while (found := self.deadlines()) and found[0][0] <= now:
            at, name, whom = found[0]
            getattr(self, f"_due_{name.partition(':')[0]}")(whom, at)
            self.dispatch(at)
        return found[0][0] if found else 0

    def _due_lease(self, process: str, now: int) -> None:
        """A process died: whoever was connected through it alone is gone, without any grace of presence."""
        del self.leases[process]
        self.worker_gone(process, now - LEASE_MS, now)
        for (side, member), processes in sorted(self.attached.items()):
            if process not in processes:
                continue
            processes.discard(process)
            self.let_go(process, side, member, now - LEASE_MS, now)
            if not processes and side == "user":
                self.user_lost(member, now)
            elif not processes and member in self.experts:
                self.expert_gone(self.experts[member], now)

    def _due_forget(self, session: Session, now: int) -> None:
        self.ended.remove(session)

    def _due_gone(self, expert: Expert, now: int) -> None:
        self.expert_gone(expert, now)

    def _due_hours(self, expert: Expert, now: int) -> None:
        self.look_at_hours(expert, now)
        self.touch(expert.name)

    def _due_override(self, expert: Expert, now: int) -> None:
        self.look_at_hours(expert, now)
        self.touch(expert.name)

    def _due_closing(self, expert: Expert, now: int) -> None:
        expert.closing_at = 0

    def _due_wrap(self, expert: Expert, now: int) -> None:
        expert.wrap_until, expert.engagement = 0, "idle"
        self.touch(expert.name)

    def _due_keep(self, expert: Expert, now: int) -> None:
        expert.keep_until = -1
        self.drop_line(expert)

    def _due_ring(self, offer: Offer, now: int) -> None:
        self.missed(offer)

    def _due_ready(self, offer: Offer, now: int) -> None:
        self.not_ready(offer, now)

    def _due_connect(self, session: Session, now: int) -> None:
        self.end_session(session, "not_connected", now)

    def _due_cap(self, session: Session, now: int) -> None:
        self.end_session(session, "cap", now)

    def _due_zero(self, session: Session, now: int) -> None:
        self.end_session(session, "balance_spent", now)

    def _due_frozen(self, session: Session, now: int) -> None:
        self.end_session(session, "frozen_too_long", now)

    def _due_minute(self, session: Session, now: int) -> None:
        session.minute_told = True

    def _due_lost(self, whom: tuple[Session, str], now: int) -> None:
        self.end_session(whom[0], f"{whom[1]}_gone", now)

    def _due_wait(self, ticket: Ticket, now: int) -> None:
        self.drop(ticket)

    def _due_grace(self, ticket: Ticket, now: int) -> None:
        self.drop(ticket)

    def _due_pause(self, ticket: Ticket, now: int) -> None:
        """A pause that ended by itself: nobody knows whether the user is there, so they confirm."""
        ticket.must_confirm = True
        self.resume(ticket)

    def _due_retry(self, whom: tuple[Ticket, str], now: int) -> None:
        ticket, expert = whom
        del ticket.declined_until[expert]
        self.touch(expert)
