"""Evidence and money, as the server tells them."""

from collections.abc import Mapping

from tests.model.commands import Refused, command, refuse
from tests.model.entering import Entering
from tests.model.state import Offer, Session, Ticket


class Meter(Entering):
    """The commands of the meter, and what all commands need of offers and sessions."""

    def look_up_offer(self, offer: Offer | None, side: str, who: str) -> Offer:
        if offer is None or (offer.user if side == "user" else offer.expert) != who:
            raise Refused("no_such_offer")
        if offer.expert not in self.experts or self.experts[offer.expert].offer is not offer:
            raise Refused("no_such_offer", "offer_over")
        return offer

    def look_up_session(self, session: Session | None, side: str, who: str) -> Session:
        """The session, if it is open and `who` is that side of it."""
        if session is None or (side != "operator" and (session.user if side == "user" else session.expert) != who):
            raise Refused("no_such_session")
        if session.state == "ended":
            raise Refused("session_over" if session in self.ended else "no_such_session")
        return session

    @staticmethod
    def dearer(ticket: Ticket, rate: int = 0) -> bool:
        """True when a line costs more than the user has said yes to, and more than `rate`."""
        return any(ticket.rate(expert) > max(ticket.agreed, rate) for expert in ticket.lines)

    def fund_offer(self, offer: Offer, side: str, budget_ms: int, fee_bps: int) -> None:
        """A metered offer keeps the larger budget and the first fee; without a budget there is no match."""
        if not offer.rate:
            return
        matches = offer.expert_ok if side == "user" else offer.user_ok
        refuse(["not_funded"] if matches and not max(offer.budget_ms, budget_ms) else [])
        if not offer.budget_ms:
            offer.fee_bps = fee_bps
        offer.budget_ms = max(offer.budget_ms, budget_ms)
        if side == "user":
            ticket = self.tickets[offer.user]
            ticket.agreed = max(ticket.agreed, offer.rate)

    @command
    def unfunded(self, now: int, offer: Offer | None) -> None:
        if offer is None:
            raise Refused("no_such_offer")
        self.not_ready(self.look_up_offer(offer, "expert", offer.expert), now, "balance_too_low")

    @command
    def evidence(self, now: int, session: Session | None, side: str, process: str, silent_ms: int) -> None:
        """Only the word of a process that holds the side counts; of its silences the longer."""
        session = self.look_up_session(session, "operator", "")
        member = session.user if side == "user" else session.expert
        if process not in self.attached.get((side, member), set()):
            return
        if silent_ms:
            since = now - silent_ms
            session.quiet[side, process] = min(since, session.quiet.get((side, process), since))
        else:
            session.quiet.pop((side, process), 0)
        self.look(session, now)

    def wrote(self, session: Session, side: str, now: int) -> None:
        """Who writes instead of being heard goes on by chat."""
        if side not in session.flows:
            self.goes_on_by_chat(session, side, now)

    def goes_on_by_chat(self, session: Session, side: str, now: int) -> None:
        """In a bridged session: until the side is heard again, its media are no matter.

        Not by telephone: the other side may have no page.
        """
        if session.bridged and session.mode != "phone" and side not in session.by_chat:
            session.by_chat.add(side)
            session.cut.pop(side, 0)
            self.look(session, now)

    @command
    def fund(self, now: int, session: Session | None, budget_ms: int) -> None:
        session = self.look_up_session(session, "operator", "")
        if session.rate and budget_ms > session.budget_ms:
            self.more_money(session, budget_ms, now)

    @command
    def fund_ticket(self, now: int, user: str, limits: Mapping[str, int]) -> None:
        ticket = self.tickets.get(user)
        for expert, (rate, free_ms, limit_ms) in list(ticket.terms.items()) if ticket else []:
            assert ticket
            ticket.terms[expert] = rate, free_ms, max(limit_ms, limits.get(expert, 0))
