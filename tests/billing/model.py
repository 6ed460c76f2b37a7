"""The plainest ledger there can be: dicts and arithmetic, written from what the doors promise and not from how they
keep it. Every command returns what the door would answer, or raises its refusal."""

from dataclasses import dataclass, field
from typing import Any

from ground.errors import Refusal

MINUTE, DAY = 60_000, 86_400_000


@dataclass
class Held:
    """A hold of the model."""

    user: str
    expert: str
    rate: int
    free_ms: int
    cap_ms: int
    bps: int
    amount: int
    until: int
    session: str = ""
    open: bool = True


@dataclass
class Books:
    """Money by account, holds by id, and what was asked by key."""

    money: dict[tuple[str, str], int] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    holds: dict[str, Held] = field(default_factory=dict)
    asked: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    moved: dict[str, list[tuple[tuple[str, str], tuple[str, str], int]]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    bills: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def balance(self, kind: str, owner: str = "") -> int:
        return self.money.get((kind, owner), 0)

    def pending(self, user: str) -> int:
        return sum(held.amount for held in self.holds.values() if held.open and held.user == user)

    def free(self, user: str) -> int:
        return self.balance("wallet", user) - self.pending(user)

    def _move(self, key: str, *legs: tuple[tuple[str, str], tuple[str, str], int]) -> None:
        self.moved[key] = [leg for leg in legs if leg[2]]
        for debit, credit, amount in self.moved[key]:
            self.money[debit] = self.money.get(debit, 0) - amount
            self.money[credit] = self.money.get(credit, 0) + amount

    def once(self, key: str, name: str, *given: Any) -> Any:
        """The command `name`; a repeat gets the first answer."""
        if key in self.asked:
            if self.asked[key][0] != (name, given):
                raise Refusal("op_reused")
            return self.asked[key][1]
        answer = getattr(self, name)(key, *given)
        self.asked[key] = ((name, given), answer)
        return answer

    def deposit(self, key: str, user: str, amount: int) -> int:
        self._move(key, (("processor", ""), ("wallet", user), amount))
        return self.balance("wallet", user)

    def goodwill(self, key: str, user: str, amount: int) -> int:
        self._move(key, (("fees", ""), ("wallet", user), amount))
        return self.balance("wallet", user)

    def refund(self, key: str, user: str, amount: int) -> int:
        return self._take(key, user, amount, ("processor", ""))

    def forfeit(self, key: str, user: str, amount: int) -> int:
        return self._take(key, user, amount, ("fees", ""))

    def _take(self, key: str, user: str, amount: int, to: tuple[str, str]) -> int:
        if user in self.frozen:
            raise Refusal("wallet_frozen")
        if self.free(user) < amount:
            raise Refusal("balance_too_low")
        self._move(key, (("wallet", user), to, amount))
        return self.balance("wallet", user)

    def payout(self, key: str, expert: str, amount: int) -> int:
        if self.balance("earnings", expert) < amount:
            raise Refusal("balance_too_low")
        self._move(key, (("earnings", expert), ("world", ""), amount))
        return self.balance("earnings", expert)

    def chargeback(self, key: str, user: str, amount: int) -> tuple[int, int]:
        taken = min(amount, self.free(user))
        bank = ("processor", "")
        self._move(key, (("wallet", user), bank, taken), (("fees", ""), bank, amount - taken))
        return taken, amount - taken

    def reverse(self, key: str, of: str) -> int:
        """The balance of the account from which the reversed transaction took first."""
        if of in self.undone:
            raise Refusal("op_reused")
        back = [(credit, debit, amount) for debit, credit, amount in reversed(self.moved[of])]
        money = dict(self.money)
        for debit, credit, amount in back:
            held = self.pending(debit[1]) if debit[0] == "wallet" else 0
            if debit[0] in ("wallet", "earnings", "escrow") and money.get(debit, 0) - held < amount:
                raise Refusal("balance_too_low")
            money[debit] = money.get(debit, 0) - amount
            money[credit] = money.get(credit, 0) + amount
        self._move(key, *back)
        self.undone.add(of)
        return self.balance(*back[-1][1])

    def reserve(
        self, hold: str, user: str, expert: str, rate: int, free_ms: int, cap_ms: int, least_ms: int, bps: int, now: int
    ) -> tuple[int, int, int]:
        """Amount, milliseconds and fee. What is set aside covers the longest session, if there is as much."""
        if first := self.holds.get(hold):
            if (user, expert, rate, free_ms) != (first.user, first.expert, first.rate, first.free_ms):
                raise Refusal("op_reused")
            if not first.open:
                raise Refusal("not_funded")
            return first.amount, self.lasts(first), first.bps
        if user in self.frozen:
            raise Refusal("wallet_frozen")
        held = Held(user, expert, rate, free_ms, cap_ms, bps, 0, now + cap_ms + DAY)
        held.amount = min(self.free(user), self.most(held))
        if self.lasts(held) < min(least_ms, cap_ms):
            raise Refusal("balance_too_low")
        self.holds[hold] = held
        return held.amount, self.lasts(held), bps

    @staticmethod
    def most(held: Held) -> int:
        """What the longest session comes to, rounded up."""
        paid_ms = max(0, held.cap_ms - held.free_ms)
        return (held.rate * paid_ms + MINUTE - 1) // MINUTE

    @staticmethod
    def lasts(held: Held) -> int:
        """How long the amount lasts, rounded up, at most the cap."""
        return min(held.cap_ms, held.free_ms + (held.amount * MINUTE + held.rate - 1) // held.rate)

    def extend(self, user: str) -> list[tuple[str, int]]:
        grown = []
        for name, held in self.holds.items():
            more = min(self.free(user), self.most(held) - held.amount)
            if held.open and held.user == user and user not in self.frozen and more > 0:
                held.amount += more
                grown.append((name, held.amount))
        return grown

    def bind(self, hold: str, session: str) -> bool:
        held = self.holds.get(hold)
        if held is None or not held.open or held.session not in ("", session):
            return False
        held.session = session
        return True

    def release(self, hold: str) -> bool:
        held = self.holds.get(hold)
        if held is None or not held.open or held.session:
            return False
        held.open = False
        return True

    def expire(self, now: int) -> list[str]:
        gone = [(held.until, name) for name, held in self.holds.items() if held.open and held.until <= now]
        for _until, name in gone:
            held = self.holds[name]
            held.open = False
            if held.session:
                self.bills[held.session] = ("unpaid", 0, 0)
        return [name for _until, name in sorted(gone)]

    def settle(self, hold: str, session: str, ran_ms: int) -> tuple[str, int, int]:
        """Outcome, amount and fee."""
        held = self.holds.get(hold)
        if held is None or not held.open:
            return self.bills.setdefault(session, ("unpaid", 0, 0))
        held.open = False
        amount = min(held.amount, held.rate * max(0, ran_ms - held.free_ms) // MINUTE) if ran_ms > 30_000 else 0
        fee = amount * held.bps // 10_000
        if amount:
            wallet, escrow = ("wallet", held.user), ("escrow", "")
            earned = (escrow, ("earnings", held.expert), amount - fee)
            self._move(f"session:{session}", (wallet, escrow, amount), earned, (escrow, ("fees", ""), fee))
        outcome = "charged" if amount else "short" if ran_ms <= 30_000 else "free"
        self.bills[session] = (outcome, amount, fee)
        return self.bills[session]
