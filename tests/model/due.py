"""What is due is done first: earliest first, each as of its own time, then dispatch."""

from tests.model.flow import Flow

LEASE_MS = 8_000


class Due(Flow):
    """Deadlines at work."""

    def run_due(self, now: int) -> int:
        """Do what is due at `now`. Returns when the next thing is due, 0 for never."""
        while (found := self.deadlines()) and found[0][0] <= now:
            at = found[0][0]
            while (same := self.deadlines()) and same[0][0] == at:
                getattr(self, f"_due_{same[0][1]}")(same[0][2], at)
            self.dispatch(at)
        return next((at for at, _, _ in self.deadlines()), 0)

    def _due_lease(self, process: str, now: int) -> None:
        """A process died: whoever was connected through it alone is gone, without any grace of presence."""
        del self.leases[process]
        for (side, member), processes in self.attached.items():
            if processes == {process}:
                processes.clear()
                if side == "user":
                    self.user_lost(member, now)
                else:
                    self.expert_gone(self.experts[member], now)
            processes.discard(process)

    def _due_forget(self, user: str, now: int) -> None:
        self.ended = [session for session in self.ended if session.forget_at > now]

    def _due_here(self, expert: str, now: int) -> None:
        self.expert_gone(self.experts[expert], now)

    def _due_hours(self, expert: str, now: int) -> None:
        self.look_at_hours(self.experts[expert], now)
        self.keep_line(self.experts[expert], now)

    def _due_wrap_up(self, expert: str, now: int) -> None:
        self.experts[expert].wrap_until, self.experts[expert].engagement = 0, "idle"
        self.touch(expert)

    def _due_keep(self, expert: str, now: int) -> None:
        self.experts[expert].keep_until = -1
        self.drop_line(self.experts[expert])

    def _due_ring(self, expert: str, now: int) -> None:
        if offer := self.experts[expert].offer:
            self.missed(offer)

    def _due_ready(self, expert: str, now: int) -> None:
        if offer := self.experts[expert].offer:
            self.not_ready(offer, now)

    def _due_connect(self, expert: str, now: int) -> None:
        self._session_due(expert, "not_connected", now)

    def _due_cap(self, expert: str, now: int) -> None:
        self._session_due(expert, "cap", now)

    def _due_gone(self, expert: str, now: int) -> None:
        if session := self.experts[expert].session:
            side = min(session.lost, key=lambda side: session.lost[side])
            self.end_session(session, f"{side}_gone", now)

    def _session_due(self, expert: str, reason: str, now: int) -> None:
        if session := self.experts[expert].session:
            self.end_session(session, reason, now)

    def _due_max_wait(self, key: str, now: int) -> None:
        self.drop(self.tickets[key.partition("/")[0]])

    _due_grace = _due_max_wait

    def _due_pause(self, key: str, now: int) -> None:
        """A pause that ended by itself: nobody knows whether the user is there, so they confirm."""
        ticket = self.tickets[key.partition("/")[0]]
        ticket.must_confirm = True
        self.resume(ticket)

    def _due_declined(self, key: str, now: int) -> None:
        user, expert = key.split("/")
        del self.tickets[user].declined_until[expert]
        self.touch(expert)
