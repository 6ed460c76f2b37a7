"""Whose word counts for the sound: a media worker's. And what goes with it: telephones, recording, transfers."""

from collections.abc import Mapping, Sequence

from tests.model.commands import Refused, command, refuse
from tests.model.meter import Meter
from tests.model.state import Session, Terms


class Media(Meter):
    """The commands of `queueing/media.py`."""

    def side_connected(self, session: Session, side: str, now: int) -> None:
        """With both the session is live."""
        if session.cut.pop(side, 0):
            self.look(session, now)
        session.on.add(side)
        if session.on == {"user", "expert"} and session.state == "connecting":
            session.state, session.live_at = "live", now
            session.cap_until = now + self.settings.session_cap_ms
            self.look(session, now)
            self.tickets[session.user].state = "in_session"

    def _carried_by(self, session: Session | None, worker: str) -> Session:
        session = self.look_up_session(session, "operator", "")
        refuse(["no_such_session"] if session.worker != worker else [])
        return session

    @command
    def bridge(
        self, now: int, session: Session | None, worker: str, instead: str = "", phones: Sequence[str] = ()
    ) -> None:
        session = self.look_up_session(session, "operator", "")
        refuse([] if session.bridged else ["not_bridged"])
        if session.worker != instead or worker == instead:
            return
        if session.worker:
            last = self.worker_until(session, now)
            self.silence(session, now if last is None else last)
        self.carry(session, worker)
        session.phones = set(phones)
        self.leases.setdefault(worker, now + 8_000)
        self.look(session, now)

    @command
    def heard(self, now: int, session: Session | None, side: str, worker: str, silent_ms: int) -> None:
        session = self._carried_by(session, worker)
        if silent_ms:
            session.flows.discard(side)
            if side not in session.by_chat:
                session.cut[side] = min(now - silent_ms, session.cut.get(side, now))
        else:
            session.flows.add(side)
            session.by_chat.discard(side)
            self.side_connected(session, side, now)
        self.look(session, now)

    @command
    def leg(self, now: int, session: Session | None, side: str, worker: str, leg: str) -> None:
        self._carried_by(session, worker).legs[side] = leg

    @command
    def hang_up(self, now: int, session: Session | None, side: str | None, worker: str, reason: str) -> None:
        self.end_session(self._carried_by(session, worker), reason, now)

    @command
    def record(self, now: int, session: Session | None, side: str, who: str, on: bool) -> None:
        session = self.look_up_session(session, side, who)
        refuse([] if session.bridged else ["not_bridged"])
        if on:
            session.recording.add(side)
        else:
            session.recording.clear()

    @command
    def call_me(self, now: int, user: str, on: bool, rate: int = -1) -> None:
        ticket = self.tickets.get(user)
        if ticket is None:
            raise Refused("no_ticket")
        in_session = ticket.state not in ("waiting", "offered")
        refuse(["in_session" if in_session else "", "not_by_phone" if ticket.mode != "phone" else ""])
        agrees = on and rate >= 0 and self.dearer(ticket)
        refuse(["rate_higher"] if agrees and self.dearer(ticket, rate) else [])
        if agrees:
            ticket.agreed = max(ticket.rate(expert) for expert in ticket.lines)
        if ticket.call_me != on or agrees:
            ticket.call_me = on
            if not ticket.connected:
                ticket.lost_at = now
                self.keep_place(ticket, now)
            self.touch(*ticket.lines)

    @command
    def propose_transfer(self, now: int, session: Session | None, who: str, expert: str) -> None:
        session = self.look_up_session(session, "expert", who)
        codes = ["same_expert"] if expert == session.expert else []
        refuse(codes + (self.join_codes(expert) if expert else []))
        session.transfer_to = expert

    @command
    def answer_transfer(
        self, now: int, session: Session | None, who: str, yes: bool, expert: str, terms: Mapping[str, Terms] = {}
    ) -> None:
        """The session ends, and its user is the first in the colleague's line: in one step."""
        session = self.look_up_session(session, "user", who)
        to = session.transfer_to
        refuse([] if to else ["no_transfer"])
        if not yes:
            session.transfer_to = ""
            return
        refuse([] if expert == to else ["no_transfer"])
        refuse(self.join_codes(to))
        before = self.tickets[who]
        session.transfer_to = ""
        self.end_session(session, "transferred", now)
        ticket = self.new_ticket(now, who, [to], before.mode, terms, head=True)
        ticket.call_me = before.call_me
        ticket.moved[to] = "transferred"
