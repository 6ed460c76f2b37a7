"""What happens by itself: offers, matches, ends, lapses. Every step says whom it touched; dispatch looks at those."""

from typing import Any

from presence.presence import NEVER
from tests.model.clock import Clock
from tests.model.state import Expert, Offer, Session, Ticket

KEPT_MS = 3_600_000
"""How long an ended session can be asked about."""


class Flow(Clock):
    """The inner steps of the model. `now` is milliseconds."""

    def touch(self, *experts: str) -> None:
        self.touched.update(dict.fromkeys(experts))

    def dispatch(self, now: int) -> None:
        """Each touched expert who is free is offered the first ready ticket of the line, in the order of touching."""
        while self.touched:
            name = next(iter(self.touched))
            del self.touched[name]
            if name in self.experts:
                self.look_at(self.experts[name], now)

    def look_at(self, expert: Expert, now: int) -> None:
        self.keep_line(expert, now)
        ready = self.ready(expert.name)
        if self.indicator(expert) == "free" and ready:
            self.offer(expert, ready[0], now)

    # ------------------------------------------------------------ offers

    def offer(self, expert: Expert, ticket: Ticket, now: int) -> None:
        rules = self.settings
        by_phone = ticket.by_phone(expert.name)
        user_ok = now - ticket.joined_at < rules.ready_after_ms and not ticket.must_confirm and not by_phone
        ahead = self.line(expert.name)[: self.line(expert.name).index(ticket)]
        passed = [(other, self.passed_because(other, expert.name)) for other in ahead]
        ready_until = 0 if user_ok else now + (rules.call_ms if by_phone else rules.ready_ms)
        until = max(now + rules.ring_ms, ready_until if by_phone else 0)
        rate, free_ms, _ = ticket.terms.get(expert.name, (0, 0, 0))
        offer = Offer(
            self.new_id("o"), expert.name, ticket.user, user_ok, False, until, ready_until, passed,
            rate, free_ms if rate else 0, by_phone=by_phone,
        )  # fmt: skip
        expert.offer = ticket.offer = offer
        expert.engagement, ticket.state = "ringing", "offered"

    def offer_over(self, offer: Offer) -> Ticket:
        """Both go back to where they were: the expert idle, the ticket waiting at its old place."""
        expert, ticket = self.experts[offer.expert], self.tickets[offer.user]
        expert.offer = ticket.offer = None
        expert.engagement, ticket.state = "idle", "waiting"
        self.touch(*ticket.lines, expert.name)
        return ticket

    def withdraw(self, offer: Offer | None) -> None:
        if offer:
            self.offer_over(offer)

    def missed(self, offer: Offer) -> None:
        self.offer_over(offer)
        expert = self.experts[offer.expert]
        expert.declared, expert.reason = "away", "missed"

    def declined_by_expert(self, offer: Offer, now: int) -> None:
        ticket = self.offer_over(offer)
        count = ticket.declines[offer.expert] = ticket.declines.get(offer.expert, 0) + 1
        if count >= self.settings.declines_max:
            self.drop(ticket, offer.expert)
        else:
            ticket.declined_until[offer.expert] = now + self.settings.decline_pause_ms

    def not_ready(self, offer: Offer, now: int, reason: str = "not_ready") -> None:
        """Passed over once with the place kept; the second time the ticket drops."""
        ticket = self.offer_over(offer)
        ticket.unready += 1
        if ticket.unready > 1:
            self.drop(ticket)
        else:
            ticket.paused_until, ticket.pause_reason = now + self.settings.unready_pause_ms, reason
            ticket.must_confirm = True

    # ------------------------------------------------------------ tickets

    def drop(self, ticket: Ticket, expert: str = "") -> None:
        """Take the ticket out of one line, or of all; without a line it is over."""
        if ticket.offer and expert in ("", ticket.offer.expert):
            self.withdraw(ticket.offer)
        for name in [expert] if expert else list(ticket.lines):
            self.drop_place(ticket, name)
        if not ticket.lines:
            del self.tickets[ticket.user]
            self.left += 1

    def drop_place(self, ticket: Ticket, expert: str) -> None:
        """Nothing of the place stays, not even how often the expert declined."""
        self.touch(expert)
        kept: tuple[dict[str, Any], ...] = (
            ticket.lines, ticket.entered, ticket.declined_until, ticket.declines, ticket.terms, ticket.moved,
        )  # fmt: skip
        for each in kept:
            each.pop(expert, None)

    def resume(self, ticket: Ticket) -> None:
        ticket.paused_until, ticket.pause_reason = 0, ""
        self.touch(*ticket.lines)

    def keep_place(self, ticket: Ticket, now: int) -> None:
        """Without a connection: for the grace time from the loss, or until a step-away ends, if that is later."""
        stepped = ticket.paused_until if ticket.pause_reason == "stepped_away" else 0
        ticket.grace_until = max(ticket.lost_at + self.settings.grace_ms, stepped, now)

    # ------------------------------------------------------------ sessions

    def match(self, offer: Offer, now: int) -> None:
        """In one step: out of all lines, into the session."""
        expert, ticket = self.experts[offer.expert], self.tickets[offer.user]
        overtook = self.overtaken(offer, ticket)
        self.touch(*ticket.lines)
        ticket.lines.clear()
        ticket.terms.clear()
        ticket.declined_until.clear()
        ticket.offer = expert.offer = None
        ticket.state, expert.engagement = "matched", "in_session"
        ringing = 2 * self.settings.call_ms if ticket.mode == "phone" else 0
        until = now + self.settings.connect_ms + ringing
        session = Session(self.new_id("s"), expert.name, ticket.user, ticket.mode, "connecting", now, until, overtook)
        costs = ticket.mode != "chat" and (offer.rate > 0 or self.settings.bridge_audio)
        session.bridged = bool(costs or ticket.mode == "phone")
        session.rate, session.free_ms = offer.rate, offer.free_ms
        session.budget_ms, session.fee_bps = offer.budget_ms, offer.fee_bps
        expert.session = session
        if not ticket.connected:
            self.side_lost(expert.session, "user", now)
        if not self.attached.get(("expert", expert.name)) and not expert.here_until:
            raise AssertionError("an offer rings for somebody who is not here")

    def overtaken(self, offer: Offer, ticket: Ticket) -> dict[Ticket, str]:
        """Who came to this line earlier and is still there, with the reason."""
        name, passed = offer.expert, dict(offer.passed)
        earlier = [other for other in self.line(name) if other.entered[name] < ticket.entered[name]]
        for other in earlier:
            moved = ticket.moved.get(name) or other.moved.get(name)
            passed.setdefault(other, moved or "unexplained")
        return {other: passed[other] for other in earlier}

    def end_session(self, session: Session, reason: str, now: int) -> None:
        self.stop_for_good(session, now)
        self.carry(session, "")
        expert = self.experts[session.expert]
        del self.tickets[session.user]
        self.served += 1
        expert.session, expert.engagement = None, "idle"
        if session.live_at:
            expert.engagement, expert.wrap_until = "wrap_up", now + self.settings.wrap_up_ms
        session.state, session.end_reason, session.forget_at = "ended", reason, now + KEPT_MS
        self.ended.append(session)
        self.touch(expert.name)

    def carry(self, session: Session, worker: str) -> None:
        """Another worker carries the session's media, or none."""
        if session.worker:
            self.carried[session.worker].remove(session)
        session.worker = worker
        if worker:
            self.carried.setdefault(worker, []).append(session)

    def silence(self, session: Session, since: int) -> None:
        session.flows.clear()
        for side in {"user", "expert"} - session.by_chat:
            session.cut[side] = min(since, session.cut.get(side, since))

    def worker_gone(self, worker: str, seen: int, now: int) -> None:
        """Telephones went with it; browsers look for another one."""
        for session in list(self.carried.get(worker, [])):
            self.carry(session, "")
            self.silence(session, seen)
            if session.mode == "phone":
                self.end_session(session, "media_lost", now)
            else:
                self.look(session, now)

    # ------------------------------------------------------------ experts

    def stopped_taking(self, expert: Expert) -> None:
        """Away, offline, closed or gone: what rings is withdrawn."""
        if expert.declared != "online" or not expert.open or not self.present(expert):
            self.withdraw(expert.offer)
        self.touch(expert.name)

    def keep_line(self, expert: Expert, now: int) -> None:
        """The line of an expert who is offline or closed is kept for a while; a session holds that off."""
        if expert.engagement == "in_session" or not self.line_shut(expert):
            expert.keep_until = 0
        elif not expert.keep_until:
            expert.keep_until = now + self.settings.line_keep_ms

    def drop_line(self, expert: Expert) -> None:
        for ticket in self.line(expert.name):
            self.drop(ticket, expert.name)

    def look_at_hours(self, expert: Expert, now: int) -> None:
        """Open in the windows and while "available now for" lasts. Whoever waits is told of each new end once."""
        if expert.open_until <= now:
            expert.open_until = 0
        edges = [edge for window in expert.windows or [] for edge in window if now < edge < NEVER]
        expert.hours_at = min(edges, default=0)
        end = self.end_of_opening(expert.windows or [], max(now, expert.open_until))
        was, expert.open = expert.open, expert.windows is None or end > now
        closes = end if now < end < NEVER and expert.windows is not None else 0
        if closes != expert.closes:
            expert.closes = closes
            notice_at = closes - self.settings.closing_notice_ms
            expert.closing_at = notice_at if notice_at > now else 0
        if was != expert.open:
            self.stopped_taking(expert)

    @staticmethod
    def end_of_opening(windows: list[tuple[int, int]], since: int) -> int:
        """When an opening that lasts to `since` ends: windows that touch it make it longer, one after the other."""
        for begin, end in sorted(windows):
            if begin <= since < end:
                since = end
        return since

    # ------------------------------------------------------------ connections

    def user_lost(self, user: str, now: int) -> None:
        ticket = self.tickets.get(user)
        if ticket is None:
            return
        ticket.connected, ticket.lost_at = False, now
        self.keep_place(ticket, now)
        rings = ticket.call_me and ticket.offer is not None and ticket.offer.by_phone
        self.withdraw(None if rings else ticket.offer)
        if session := self.session_with("user", user):
            self.side_lost(session, "user", now)

    def expert_gone(self, expert: Expert, now: int) -> None:
        expert.here_until = 0
        self.stopped_taking(expert)
        if expert.session:
            self.side_lost(expert.session, "expert", now)

    def side_lost(self, session: Session, side: str, now: int) -> None:
        if session.needs_no_page(side):
            return
        session.on.discard(side)
        session.lost[side] = now + self.settings.grace_ms
