"""Who comes and what they do: 200 experts with shifts, users by the hour of the day, all from one seed.

People react to what the journal tells. They give orders: a time, a command, its arguments.
"""

import heapq
import random
from typing import Any, NamedTuple

from presence.facts import ExpertFacts
from queueing.facts import OfferFacts, SessionFacts, Terms, TicketFacts
from tests.model.compare import Facts
from tests.simulation.world import World

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EXPERTS = 200
PROCESSES = ("p0", "p1")
WORKERS = ("m0", "m1")
"""Media workers; one of them dies now and then."""
LONGEST_TALK = 50 * MINUTE
"""Longer than any session may be. Later nobody asks for one that is over: after an hour nothing is known of it."""
USERS_PER_HOUR = (
    40,
    20,
    10,
    10,
    20,
    60,
    200,
    450,
    700,
    800,
    800,
    700,
    600,
    700,
    800,
    800,
    700,
    600,
    500,
    450,
    400,
    300,
    150,
    80,
)
"""By the hour of the day, for all experts together."""


class Order(NamedTuple):
    """A command to be given at a time. `n` keeps the order of equal times; `op` makes a repeat harmless."""

    at: int
    n: int
    door: str
    command: str
    args: tuple[Any, ...]
    op: str = ""
    more: dict[str, Any] = {}


class People:
    """Experts and users, and what they mean to do."""

    def __init__(self, seed: int, start: int, days: float, world: World, load: float = 0.45) -> None:
        self.dice, self.repeat_dice, self.money_dice, self.media_dice = (random.Random(seed) for _ in range(4))
        self.start, self.end, self.world, self.load = start, start + int(days * DAY), world, load
        self.experts = [f"e{n:03}" for n in range(EXPERTS)]
        self.orders: list[Order] = []
        self.count = self.users = 0
        self.home: dict[tuple[str, str], str] = {}
        """Through which process each member is connected."""
        self.dead_until = dict.fromkeys(PROCESSES + WORKERS, 0)
        self.purses: dict[str, int] = {}
        """How long what each user has would last with those who take money."""

    def order(self, at: int, door: str, command: str, *args: Any, **more: Any) -> None:
        self.count += 1
        heapq.heappush(self.orders, Order(at, self.count, door, command, args, more=more))

    def due(self, until: int) -> list[Order]:
        """The orders before `until`, in order of time."""
        found = []
        while self.orders and self.orders[0].at < until:
            found.append(heapq.heappop(self.orders))
        return found

    def after(self, at: int, low_s: float, high_s: float) -> int:
        return at + int(self.dice.uniform(low_s, high_s) * SECOND)

    def chance(self, percent: float) -> bool:
        return self.dice.random() * 100 < percent

    # ------------------------------------------------------------ the plan

    def plan(self) -> None:
        """Shifts, breaks, deaths of processes, and when users come."""
        for number, expert in enumerate(self.experts):
            for day in range(-1, (self.end - self.start) // DAY + 1):
                if self.dice.random() < 5 / 7:
                    self._shift(expert, self.start + day * DAY, by_hours=number % 5 == 0, stays=number % 10 == 0)
        self._arrivals()
        for day in range((self.end - self.start) // DAY + 1):
            at = self.start + day * DAY + self.dice.randrange(DAY)
            self.order(at, "world", "die", self.dice.choice(PROCESSES))
            noon = self.start + day * DAY + 12 * HOUR
            self.order(noon + self.media_dice.randrange(6 * HOUR), "world", "die", WORKERS[day % 2])

    def _shift(self, expert: str, midnight: int, by_hours: bool, stays: bool) -> None:
        begin = midnight + int(self.dice.gauss(10.5, 3) % 24 * HOUR)
        finish = begin + int(self.dice.uniform(6, 9) * HOUR)
        if begin < self.start:
            return
        if by_hours:
            self.order(begin - MINUTE, "presence", "set_hours", expert, [(begin, finish)])
        if stays:
            self.order(finish - 10 * MINUTE, "presence", "open_for", expert, 18)
        self.order(begin, "world", "come", "expert", expert)
        self.order(begin + 1, "presence", "declare", expert, "online", "")
        at = self.after(begin, HOUR // SECOND, 3 * HOUR // SECOND)
        while at < finish - HOUR:
            self.order(at, "presence", "declare", expert, "away", "break")
            self.order(self.after(at, 300, 900), "presence", "declare", expert, "online", "")
            at = self.after(at, 5400, 10800)
        if not by_hours:
            self.order(finish, "presence", "declare", expert, "offline", "")
        self.order(finish + 10 * MINUTE, "world", "go", "expert", expert)

    def _arrivals(self) -> None:
        at, fastest = float(self.start), max(USERS_PER_HOUR) * self.load
        while at < self.end - HOUR:
            at += self.dice.expovariate(fastest / HOUR)
            hour = int(at - self.start) // HOUR % 24
            if self.dice.random() * fastest < USERS_PER_HOUR[hour] * self.load:
                self.users += 1
                self.order(int(at), "world", "arrive", f"u{self.users}")

    # ------------------------------------------------------------ connections

    def process_for(self, at: int) -> str:
        return self.dice.choice([name for name in PROCESSES if self.dead_until[name] <= at])

    def worker_for(self, at: int) -> str:
        return self.media_dice.choice([name for name in WORKERS if self.dead_until[name] <= at])

    def die(self, at: int, process: str) -> None:
        """A process stops renewing, unless it is the last. Its people come back through another, most of them soon."""
        if max(self.dead_until[name] for name in (WORKERS if process in WORKERS else PROCESSES)) > at:
            return
        self.dead_until[process] = at + 5 * MINUTE
        for (side, member), home in list(self.home.items()):
            if home == process:
                del self.home[side, member]
                low, high = (2, 40) if self.chance(90) else (60, 200)
                self.order(self.after(at, low, high), "world", "come", side, member)

    # ------------------------------------------------------------ money

    def rate(self, expert: str) -> int:
        """Every third expert takes money: 50 to 149 a minute."""
        number = int(expert[1:])
        return 0 if number % 3 else 50 + number % 100

    def purse(self, user: str) -> int:
        """For some it ends long before they are done."""
        if user not in self.purses:
            self.purses[user] = int(self.money_dice.lognormvariate(5.3, 0.8) * SECOND)
        return self.purses[user]

    def terms(self, user: str, *experts: str) -> dict[str, Terms]:
        return {expert: Terms(rate, 0, self.purse(user)) for expert in experts if (rate := self.rate(expert))}

    def pays(self, offer: OfferFacts) -> dict[str, int]:
        """All that the user has is set aside."""
        return {"budget_ms": self.purse(offer.user), "fee_bps": 1_500} if offer.rate else {}

    def _deposit(self, user: str, at: int) -> None:
        """Somebody who waits pays in."""
        if self.money_dice.random() < 0.05:
            more = self.money_dice.randrange(MINUTE, 10 * MINUTE)
            self.order(at + self.money_dice.randrange(5 * MINUTE), "world", "deposit", user, more)

    def _spend(self, session: SessionFacts, at: int) -> None:
        """During a talk some pay in, some fall silent for a while, and some have no sound."""
        dice, name = self.money_dice, session.session
        side = dice.choice(("user", "expert"))
        who = session.user if side == "user" else session.expert
        if session.rate and dice.random() < 0.15:
            more = session.budget_ms + dice.randrange(MINUTE, 10 * MINUTE)
            self.order(at + dice.randrange(min(session.budget_ms, LONGEST_TALK)), "line", "fund", name, more)
        if dice.random() < 0.04:
            quiet, ms = at + dice.randrange(2 * MINUTE), dice.randrange(2_500, 10_000)
            self.order(quiet, "world", "hears", side, who, name, ms)
            self.order(quiet + dice.randrange(SECOND, MINUTE), "world", "hears", side, who, name, 0)
        if session.path == "bridged" and dice.random() < 0.04:
            cut = at + dice.randrange(2 * MINUTE)
            self.order(cut, "media", "heard", name, side, session.worker, 2_100)
            self.order(cut + dice.randrange(SECOND, MINUTE), "media", "heard", name, side, session.worker, 0)

    # ------------------------------------------------------------ users

    def choose(self, user: str, at: int) -> None:
        """A free expert at once, the line of one, or whoever of three is free first."""
        lights = self.world.experts
        free = [name for name in self.experts if lights[name].indicator == "free"]
        phones = self.media_dice.random() < 0.1
        here = [
            name for name in self.experts if lights[name].indicator in ("free", "ringing", "busy", "wrap-up", "away")
        ]
        if free and self.chance(45):
            one = self.dice.choice(free)
            self.order(at, "line", "connect", user, one, "chat", terms=self.terms(user, one))
        elif len(here) >= 3 and self.chance(30):
            three = self.dice.sample(here, 3)
            self.order(at, "line", "join", user, three, "audio", terms=self.terms(user, *three))
        elif here:
            popular = here[int(len(here) * self.dice.random() ** 3)]
            mode = "phone" if phones else "chat"
            self.order(at, "line", "join", user, [popular], mode, terms=self.terms(user, popular))
            if phones:  # and leaves a number, most of them to go and do something else
                self.order(at + SECOND, "line", "call_me", user, on=True)
                if self.media_dice.random() < 0.8:
                    self.order(at + 20 * SECOND, "world", "go", "user", user)
        else:
            self.order(at, "world", "go", "user", user)

    def settled(self, user: str, at: int) -> None:
        """In a line: patience runs, and some do something else meanwhile."""
        self.order(at + int(self.dice.expovariate(1 / (14 * MINUTE))) + MINUTE, "line", "leave", user, "")
        self._deposit(user, at)
        if self.chance(4):
            away = self.after(at, 20, 200)
            self.order(away, "line", "step_away", user, self.dice.randrange(30, 400))
            if self.chance(60):
                self.order(self.after(away, 20, 300), "line", "come_back", user)
        if self.chance(6):
            self._vanish(self.after(at, 10, 300), "user", user)
        if self.chance(8):
            other = self.dice.choice(self.experts)
            self.order(self.after(at, 30, 300), "line", "switch", user, other, terms=self.terms(user, other))
        if self.chance(1):
            self.order(self.after(at, 30, 300), "world", "operate", user)

    def _vanish(self, at: int, side: str, member: str) -> None:
        self.order(at, "world", "go", side, member)
        if self.chance(80):
            self.order(self.after(at, 2, 90), "world", "come", side, member)

    # ------------------------------------------------------------ reactions

    def hear(self, fact: Facts, at: int) -> None:
        """What people do about what has just happened."""
        if isinstance(fact, OfferFacts) and fact.cause == "made":
            self._rung(fact, at)
        elif isinstance(fact, SessionFacts) and fact.cause == "matched":
            self._matched(fact, at)
        elif isinstance(fact, SessionFacts) and fact.cause in ("bridged", "media_lost"):
            self._media(fact, at)
        elif isinstance(fact, SessionFacts) and fact.cause == "live":
            self._talk(fact, at)
        elif isinstance(fact, TicketFacts) and fact.state == "done":
            self.order(self.after(at, 15, 60), "world", "go", "user", fact.user)
        elif isinstance(fact, ExpertFacts) and fact.cause == "missed":
            self.order(self.after(at, 60, 400), "presence", "declare", fact.expert, "online", "")

    def _rung(self, offer: OfferFacts, at: int) -> None:
        answer, pays = self.after(at, 2, 22), self.pays(offer)
        if pays and self.money_dice.random() < 0.03:
            self.order(answer - SECOND, "line", "unfunded", offer.offer)
        if self.chance(95):
            self.order(answer, "line", "accept", offer.offer, "expert", offer.expert, **pays)
        elif self.chance(50):
            self.order(answer, "line", "decline", offer.offer, "expert", offer.expert)
        late = self.media_dice.randrange(20) if offer.by_phone else 0  # a telephone rings in a pocket
        if not offer.user_ok and self.chance(88):
            self.order(self.after(at, 2 + late, 15 + late), "line", "accept", offer.offer, "user", offer.user, **pays)
        elif self.chance(2):
            self.order(self.after(at, 2, 15), "line", "decline", offer.offer, "user", offer.user)

    def _matched(self, session: SessionFacts, at: int) -> None:
        if session.path == "bridged":
            phones = ["user"] if session.mode == "phone" else []
            self.order(at + SECOND // 2, "media", "bridge", session.session, self.worker_for(at), "", phones)
            return
        for side, who in (("user", session.user), ("expert", session.expert)):
            if self.chance(99):
                self.order(self.after(at, 1, 15), "line", "connected", session.session, side, who)

    def _media(self, session: SessionFacts, at: int) -> None:
        """A worker hears both sides, or is gone and another one is found."""
        if not session.worker:
            found = at + self.media_dice.randrange(SECOND, 5 * SECOND)
            self.order(found, "media", "bridge", session.session, self.worker_for(at), "", [])
            return
        for side in ("user", "expert"):
            if self.media_dice.random() < 0.99:
                heard = at + self.media_dice.randrange(SECOND, 15 * SECOND)
                self.order(heard, "media", "heard", session.session, side, session.worker, 0)

    def _talk(self, session: SessionFacts, at: int) -> None:
        self._spend(session, at)
        finish = at + min(int(self.dice.lognormvariate(5.0, 0.8) * SECOND), LONGEST_TALK)
        side = self.dice.choice(("user", "expert"))
        who = session.user if side == "user" else session.expert
        self.order(finish, "line", "end", session.session, side, who)
        if self.chance(20):
            self.order(finish + 10 * SECOND, "line", "finish_wrap_up", session.expert)
        if self.chance(3):
            side = self.dice.choice(("user", "expert"))
            self._vanish(self.after(at, 5, 60), side, session.user if side == "user" else session.expert)
