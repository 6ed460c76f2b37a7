"""The commands of the model. Each does what is due, decides, acts, dispatches; a refusal acts on nothing.

A refusal names every code that would be right, because the text puts them in no order.
"""

from collections.abc import Mapping

from tests.model.clock import LEASE_MS
from tests.model.commands import Refused, command, refuse
from tests.model.media import Media
from tests.model.state import Expert, Offer, Session, Terms, Ticket

FREE: Mapping[str, Terms] = {}


class Pool(Media):
    """One pool. The first argument of every command is the time."""

    # ------------------------------------------------------------ presence

    @command
    def enrol(self, now: int, experts: list[str]) -> None:
        for name in experts:
            self.experts.setdefault(name, Expert(name))
            self.touch(name)

    @command
    def retire(self, now: int, expert: str) -> None:
        """Nobody waits for somebody who is not in the pool any more."""
        self._known(expert)
        who = self.experts[expert]
        refuse(["expert_in_session"] if who.session else [])
        self.withdraw(who.offer)
        self.drop_line(who)
        del self.experts[expert]

    @command
    def renew(self, now: int, process: str) -> None:
        self.leases[process] = now + LEASE_MS

    @command
    def release(self, now: int, process: str) -> None:
        self.leases.pop(process, None)
        self.worker_gone(process, now, now)
        for (side, member), processes in sorted(self.attached.items()):
            if process in processes:
                self._detach(now, process, side, member, now)

    @command
    def attach(self, now: int, process: str, side: str, member: str) -> None:
        if side == "expert":
            self._known(member)
        self.leases.setdefault(process, now + LEASE_MS)
        processes = self.attached.setdefault((side, member), set())
        first, session = not processes, self.session_with(side, member)
        if session and process not in processes and processes:
            self.look(session, now, doubted=side)
        processes.add(process)
        if first:
            self._back(now, side, member)
        if session:
            self.look(session, now)

    def _back(self, now: int, side: str, member: str) -> None:
        if side == "expert":
            expert = self.experts[member]
            expert.here_until = 0
            self.touch(member)
            session = expert.session
        else:
            session = self.session_with(side, member)
            if ticket := self.tickets.get(member):
                ticket.connected = True
                self.touch(*ticket.lines)
        if session and session.lost.pop(side, 0):
            # Before it is live a side has to show its connection anew.
            (session.on.add if session.state == "live" else session.on.discard)(side)

    @command
    def detach(self, now: int, process: str, side: str, member: str, silent_ms: int = 0) -> None:
        self._detach(now, process, side, member, now - silent_ms)

    def _detach(self, now: int, process: str, side: str, member: str, seen: int) -> None:
        processes = self.attached.get((side, member), set())
        if process not in processes:
            return
        processes.discard(process)
        self.let_go(process, side, member, seen, now)
        if processes:
            return
        if side == "user":
            self.user_lost(member, now)
        elif member in self.experts:
            self.experts[member].here_until = now + self.settings.presence_grace_ms

    @command
    def declare(self, now: int, expert: str, status: str, reason: str = "") -> None:
        self._known(expert)
        who = self.experts[expert]
        who.declared, who.reason = status, reason
        self.stopped_taking(who)

    @command
    def set_hours(self, now: int, expert: str, windows: list[tuple[int, int]] | None) -> None:
        self._known(expert)
        self.experts[expert].windows = windows
        self.look_at_hours(self.experts[expert], now)
        self.touch(expert)

    @command
    def open_for(self, now: int, expert: str, minutes: int) -> None:
        """Open whatever the windows say, for some minutes; refused when the windows alone are open as long."""
        self._known(expert)
        who, until = self.experts[expert], now + minutes * 60_000
        as_long = who.windows is None or self.end_of_opening(who.windows, now) >= until
        refuse(["not_closed"] if minutes and as_long else [])
        who.open_until = until if minutes else 0
        self.look_at_hours(who, now)
        self.touch(expert)

    # ------------------------------------------------------------ a user

    def _known(self, *experts: str) -> None:
        refuse("unknown_expert" for name in experts if name not in self.experts)

    @command
    def join(
        self, now: int, user: str, experts: list[str], mode: str = "chat", terms: Mapping[str, Terms] = FREE
    ) -> Ticket:
        codes = [code for expert in experts for code in self.join_codes(expert)]
        codes += ["already_in_line"] if user in self.tickets else []
        codes += ["too_many_lines"] if len(experts) > self.settings.lines_per_ticket else []
        codes += ["duplicate_expert"] if len(set(experts)) < len(experts) else []
        refuse(codes)
        return self.new_ticket(now, user, experts, mode, terms)

    @command
    def connect(
        self, now: int, user: str, expert: str, mode: str = "chat", terms: Mapping[str, Terms] = FREE
    ) -> Ticket:
        codes = self.join_codes(expert) + (["already_in_line"] if user in self.tickets else [])
        if expert in self.experts:
            light = self.indicator(self.experts[expert])
            busy = light in ("ringing", "busy", "wrap-up") or self.ready(expert)
            codes += ["expert_busy" if busy else "", "expert_away" if light == "away" else ""]
        refuse(codes)
        return self.new_ticket(now, user, [expert], mode, terms)

    def _waiting(self, user: str) -> Ticket:
        ticket = self.tickets.get(user)
        if ticket is None:
            raise Refused("no_ticket")
        if ticket.state not in ("waiting", "offered"):
            raise Refused("in_session")
        return ticket

    @command
    def switch(self, now: int, user: str, expert: str, leaving: str = "", terms: Mapping[str, Terms] = FREE) -> Ticket:
        ticket = self._waiting(user)
        away = list(ticket.lines) if leaving == "" else [leaving]
        offer = ticket.offer
        codes = ["not_in_line"] if leaving and leaving not in ticket.lines else []
        codes += ["same_line"] if expert in ticket.lines else []
        leaves_offer = offer is not None and offer.expert in away
        codes += ["offer_open"] if offer and leaves_offer and offer.user_ok else []
        refuse(codes + self.join_codes(expert))
        self.withdraw(offer if leaves_offer else None)
        for name in away:
            self.drop_place(ticket, name)
        self.enter(ticket, self.experts[expert])
        self.choose(ticket, expert, terms)
        return ticket

    @command
    def leave(self, now: int, user: str, expert: str = "") -> None:
        ticket = self._waiting(user)
        refuse(["not_in_line"] if expert and expert not in ticket.lines else [])
        self.drop(ticket, expert)

    @command
    def step_away(self, now: int, user: str, seconds: int) -> None:
        ticket = self._waiting(user)
        too_long = seconds * 1000 > self.settings.step_away_max_ms
        refuse(["offer_open" if ticket.offer else "", "too_long_away" if too_long else ""])
        ticket.paused_until, ticket.pause_reason = now + seconds * 1000, "stepped_away"
        self.keep_place(ticket, now)

    @command
    def come_back(self, now: int, user: str) -> None:
        """Ends a pause and shows that the user is there; a higher rate needs a yes of its own."""
        ticket = self.tickets.get(user)
        if ticket is None:
            raise Refused("no_ticket")
        if ticket.state == "waiting":
            ticket.must_confirm = ticket.must_confirm and self.dearer(ticket)
        if ticket.paused_until:
            self.resume(ticket)
            self.keep_place(ticket, now)

    @command
    def adopt(self, now: int, visitor: str, user: str) -> None:
        """The visitor's ticket is the user's from now on, with its offer or session; only their own connection counts,
        and one who is not here yet has the grace time, in which an offer rings on."""
        ticket = self.tickets.get(visitor)
        refuse(["" if ticket else "no_ticket", "already_in_line" if user in self.tickets and user != visitor else ""])
        assert ticket
        session = self.session_with("user", visitor)
        self.tickets[user] = self.tickets.pop(visitor)
        for thing in (ticket, ticket.offer, session):
            if thing:
                thing.user = user
        if session and user != visitor:
            session.last_seen.pop("user", 0)
            session.quiet = {key: at for key, at in session.quiet.items() if key[0] != "user"}
            self.look(session, now)
        if self.attached.get(("user", user)):
            self._back(now, "user", user)
        elif ticket.connected:
            ticket.connected, ticket.lost_at = False, now
            self.keep_place(ticket, now)
            if session:
                self.side_lost(session, "user", now)

    # ------------------------------------------------------------ both sides

    @command
    def accept(self, now: int, offer: Offer | None, side: str, who: str, budget_ms: int = 0, fee_bps: int = 0) -> None:
        offer = self.look_up_offer(offer, side, who)
        if not (offer.user_ok if side == "user" else offer.expert_ok):
            self.fund_offer(offer, side, budget_ms, fee_bps)
        offer.user_ok = offer.user_ok or side == "user"
        offer.expert_ok = offer.expert_ok or side == "expert"
        if offer.user_ok and offer.expert_ok:
            self.match(offer, now)

    @command
    def decline(self, now: int, offer: Offer | None, side: str, who: str) -> None:
        offer = self.look_up_offer(offer, side, who)
        if side == "user":
            self.not_ready(offer, now)
        else:
            self.declined_by_expert(offer, now)

    @command
    def connected(self, now: int, session: Session | None, side: str, who: str, by_chat: bool = False) -> None:
        session = self.look_up_session(session, side, who)
        if session.bridged and by_chat:
            self.goes_on_by_chat(session, side, now)
        if not session.bridged or side in session.by_chat:
            self.side_connected(session, side, now)

    @command
    def end(self, now: int, session: Session | None, side: str, who: str, reason: str = "") -> None:
        self.end_session(self.look_up_session(session, side, who), reason, now)

    @command
    def finish_wrap_up(self, now: int, expert: str) -> None:
        self._known(expert)
        if self.experts[expert].engagement != "wrap_up":
            raise Refused("not_in_wrap_up")
        self._due_wrap(self.experts[expert], now)

    # ------------------------------------------------------------ operator

    def _movable(self, user: str) -> Ticket:
        if user not in self.tickets:
            raise Refused("no_such_ticket")
        return self._waiting(user)

    @command
    def move(self, now: int, user: str, expert: str, to: str, terms: Mapping[str, Terms] = FREE) -> None:
        """To the head or the tail of a line; into another line, which must be one to join, it leaves all."""
        ticket = self._movable(user)
        refuse(["offer_open"] if ticket.offer else [])
        refuse([] if expert in ticket.lines else self.join_codes(expert))
        if expert not in ticket.lines:
            for name in list(ticket.lines):
                self.drop_place(ticket, name)
            ticket.terms |= {expert: terms[expert]} if expert in terms else {}
        self.enter(ticket, self.experts[expert], head=to == "head")
        ticket.must_confirm = ticket.must_confirm or self.dearer(ticket)
        ticket.moved[expert] = "operator"

    @command
    def remove(self, now: int, user: str) -> None:
        self.drop(self._movable(user))
