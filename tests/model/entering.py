"""How a ticket comes into lines."""

from collections.abc import Mapping

from tests.model.due import Due
from tests.model.state import Expert, Terms, Ticket


class Entering(Due):
    """What joining, switching, moving and transfers share."""

    def join_codes(self, expert: str) -> list[str]:
        """What speaks against one more in this line."""
        if expert not in self.experts:
            return ["unknown_expert"]
        full = len(self.line(expert)) >= self.settings.line_limit
        return [self.line_shut(self.experts[expert]), "line_full" if full else ""]

    def new_ticket(
        self, now: int, user: str, experts: list[str], mode: str, terms: Mapping[str, Terms], head: bool = False
    ) -> Ticket:
        connected = bool(self.attached.get(("user", user)))
        ticket = Ticket(self.new_id("t"), user, mode, now, connected, lost_at=now)
        self.keep_place(ticket, now)
        self.tickets[user] = ticket
        self.joined += 1
        for expert in experts:
            self.enter(ticket, self.experts[expert], head)
            self.choose(ticket, expert, terms)
        return ticket

    @staticmethod
    def choose(ticket: Ticket, expert: str, terms: Mapping[str, Terms]) -> None:
        """The user wants this place at these terms, which are locked with it."""
        ticket.terms |= {expert: terms[expert]} if expert in terms else {}
        ticket.agreed = max(ticket.agreed, ticket.rate(expert))

    def enter(self, ticket: Ticket, expert: Expert, head: bool = False) -> None:
        if head:
            ordinals = [other.lines[expert.name] for other in self.line(expert.name)]
            ordinal = min(ordinals, default=expert.next_ordinal) - 1
        else:
            ordinal = expert.next_ordinal
            expert.next_ordinal += 1
        self.entries += 1
        ticket.lines[expert.name] = ordinal
        ticket.entered.setdefault(expert.name, self.entries)
        self.touch(expert.name)
