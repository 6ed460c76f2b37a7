"""Checking a receipt again, from nothing but itself: no database, no server, no clock. Pure.

The chain and the signature say that it is as the server wrote it. The rest says that what the server wrote fits
together: the place in the line at each step, who was overtaken and why, how long the clock ran, what that costs.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from msgspec import Struct, field

from billing.price import SHORT_MS, cost, fee
from billing.receipts.chain import digest, first_break, signed
from billing.receipts.facts import (
    ROUNDING,
    Accepted,
    AnyFact,
    Charged,
    Connected,
    Ended,
    Funded,
    Joined,
    Matched,
    Offered,
    OfferOver,
    Overtaken,
    Receipt,
    Running,
    Stopped,
)
from billing.receipts.place import REASONS, Place, Wrong
from billing.receipts.signing import is_signed

BYTES_MAX: Final = 4 * 1024 * 1024


class Found(Struct, kw_only=True):
    """What a check found. `problem` is "" when all fits, else what doesn't, and `at_fact` the number of the fact (from
    1; 0 for the receipt as a whole). The rest is what was worked out as far as the check came."""

    problem: str = ""
    at_fact: int = 0
    session: str = ""
    key: str = ""
    known_key: bool = False
    facts: int = 0
    positions: list[int] = field(default_factory=list)
    overtook: list[tuple[int, str]] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    ran_ms: int = 0
    amount: int = 0
    fee: int = 0
    credit: int = 0
    currency: str = ""


def verify(data: bytes, keys: Collection[str] = ()) -> Found:
    """Check the receipt in `data`. With `keys` it has to be signed by one of them; without, by the key it names."""
    found = Found()
    try:
        receipt = _read(data)
        found.session, found.currency = receipt.header.session, receipt.header.currency
        found.facts = len(receipt.facts)
        found.key, found.known_key = receipt.seal.key, receipt.seal.key in keys
        _check_chain(receipt, found, keys)
        _Walk(receipt, found).run()
    except Wrong as wrong:
        found.problem = str(wrong)
    return found


def _read(data: bytes) -> Receipt:
    if len(data) > BYTES_MAX:
        raise Wrong(f"the file has more than {BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(data, type=Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Wrong(f"this is not a receipt: {str(error)[:200]}") from None


def _check_chain(receipt: Receipt, found: Found, keys: Collection[str]) -> None:
    broken = first_break(receipt.header, receipt.facts)
    if broken >= 0:
        found.at_fact = broken + 1
        raise Wrong("the fact does not hang on the one before: either was changed")
    if digest(receipt.facts[-1]) != receipt.seal.head:
        found.at_fact = len(receipt.facts)
        raise Wrong("the last fact is not the one that was sealed")
    if not is_signed(receipt.seal.key, signed(receipt.seal.head), receipt.seal.signature):
        raise Wrong("the signature is not by the key that the receipt names")
    if keys and not found.known_key:
        raise Wrong("the receipt is signed by a key that is not the server's")


class _Walk:
    """The facts in order, and what they come to."""

    def __init__(self, receipt: Receipt, found: Found) -> None:
        self._receipt = receipt
        self._found = found
        self._place = Place()
        self._terms: tuple[int, int] | None = None
        self._offer = ""
        self._said: set[str] = set()
        self._matched: Matched | None = None
        self._since = 0
        self._stood: tuple[int, int] | None = None
        self._budget_ms = 0
        self._ended: Ended | None = None
        self._charged = False

    def run(self) -> None:
        """Raises Wrong; `at_fact` then names the fact."""
        for n, fact in enumerate(self._receipt.facts, start=1):
            self._found.at_fact = n
            self._check_order(fact)
            self._place.follow(fact)
            self._step(fact)
            if self._matched is None and self._place.joined:
                self._note_position()
        self._check(self._charged, "there is no charge: the receipt is not whole")
        self._found.at_fact = 0

    def _note_position(self) -> None:
        if self._found.positions[-1:] != [self._place.position]:
            self._found.positions.append(self._place.position)

    def _check_order(self, fact: AnyFact) -> None:
        """The line, the offer, the session, the charge: nothing goes back."""
        self._check(not self._charged, "something happened after the charge")
        self._check(self._ended is None or isinstance(fact, Charged), "something happened after the end")
        if not isinstance(fact, _OF_SESSION):
            self._check(self._matched is None, "something happened in the line after the match")
        else:
            self._check(self._matched is not None, "there is no match yet")

    def _step(self, fact: AnyFact) -> None:
        match fact:
            case Joined():
                self._terms = (fact.rate, fact.free_ms)
            case Overtaken():
                self._check(fact.reason in REASONS, f"nobody may be passed over for {fact.reason!r}")
                self._found.overtaken.append(fact.reason)
            case Offered():
                self._offered(fact)
            case Accepted() | OfferOver():
                self._answered(fact)
            case Matched():
                self._match(fact)
            case Running():
                self._run(fact)
            case Stopped():
                self._stop(fact)
            case Funded():
                self._check(fact.budget_ms > self._budget_ms, "a deposit gives more time, not less")
                self._budget_ms = fact.budget_ms
            case Ended():
                self._end(fact)
            case Charged():
                self._charge(fact)

    def _offered(self, fact: Offered) -> None:
        self._check(not self._offer, "there is an offer already")
        self._check((fact.rate, fact.free_ms) == self._terms, "the offer is at another rate than was agreed")
        self._offer, self._said = fact.offer, set()

    def _answered(self, fact: Accepted | OfferOver) -> None:
        self._check(bool(self._offer) and fact.offer == self._offer, "there is no such offer")
        if isinstance(fact, Accepted):
            self._said.add(fact.side)
        else:
            self._offer = ""

    def _match(self, fact: Matched) -> None:
        self._check(self._matched is None, "the ticket was matched twice")
        self._check(bool(self._offer) and fact.offer == self._offer, "the match is not of the offer")
        self._check(self._said == {"user", "expert"}, "not both sides have accepted")
        self._matched, self._budget_ms = fact, fact.budget_ms
        self._found.overtook = list(fact.overtook)

    def _run(self, fact: Running) -> None:
        self._check(self._since == 0, "the clock runs already")
        self._check(self._stood is None or fact.since >= self._stood[1], "the clock runs again before it stopped")
        self._since, self._stood = fact.since, None

    def _stop(self, fact: Stopped) -> None:
        if self._since:
            self._check(fact.until >= self._since, "the clock stopped before it ran")
            self._found.ran_ms += fact.until - self._since
            self._since, self._stood = 0, (self._since, fact.until)
            return
        self._check(self._stood is not None, "the clock stood still")
        assert self._stood is not None
        since, until = self._stood
        self._check(since <= fact.until <= until, "a last sign turned out to be younger")
        self._found.ran_ms -= until - fact.until
        self._stood = (since, fact.until)

    def _end(self, fact: Ended) -> None:
        self._check(self._since == 0, "the clock runs on after the end")
        self._check(fact.ran_ms == self._found.ran_ms, f"the clock ran for {self._found.ran_ms} ms, not {fact.ran_ms}")
        self._check(fact.ran_ms <= self._budget_ms, "the clock ran for longer than the money lasted")
        self._ended = fact

    def _charge(self, fact: Charged) -> None:
        ended, matched = self._ended, self._matched
        self._check(ended is not None, "charged before the end")
        assert ended is not None and matched is not None
        self._check((fact.rate, fact.free_ms) == self._terms, "charged at another rate than was agreed")
        self._check(fact.ran_ms == ended.ran_ms, "charged for another time than the clock ran")
        self._check(fact.fee_bps == matched.fee_bps, "the pool takes another part than was agreed")
        self._check(fact.rounding == ROUNDING, "fractions are rounded in another way")
        self._check(fact.outcome == _outcome(fact), f"the outcome is {_outcome(fact)}, not {fact.outcome}")
        amount = 0 if fact.outcome == "unpaid" else min(cost(fact.rate, fact.free_ms, fact.ran_ms), fact.held)
        self._check(fact.amount == amount, f"the charge is {amount}, not {fact.amount}")
        self._check(fact.fee == fee(amount, fact.fee_bps), f"the fee is {fee(amount, fact.fee_bps)}, not {fact.fee}")
        self._check(fact.credit == amount - fact.fee, "the expert's credit is not the charge less the fee")
        self._found.amount, self._found.fee, self._found.credit = fact.amount, fact.fee, fact.credit
        self._charged = True

    @staticmethod
    def _check(holds: bool, otherwise: str) -> None:
        if not holds:
            raise Wrong(otherwise)


_OF_SESSION: Final = (Connected, Running, Stopped, Funded, Ended, Charged)


def _outcome(fact: Charged) -> str:
    """What it has to be; a session for which nothing was set aside says so itself."""
    if fact.outcome == "unpaid":
        return "unpaid"
    if fact.ran_ms <= SHORT_MS:
        return "short"
    return "charged" if min(cost(fact.rate, fact.free_ms, fact.ran_ms), fact.held) else "free"


def summary(found: Found) -> Sequence[str]:
    """What was found, in lines for people."""
    if found.problem:
        where = f"fact {found.at_fact}: " if found.at_fact else ""
        return [f"This receipt does not hold. {where}{found.problem}."]
    passed = ", ".join(reason for _ordinal, reason in found.overtook) or "nobody"
    return [
        f"Session {found.session}: all {found.facts} facts hold.",
        f"  place in the line  {' -> '.join(str(one) for one in found.positions)}",
        f"  overtook           {passed}",
        f"  was overtaken      {', '.join(found.overtaken) or 'by nobody'}",
        f"  the clock ran      {found.ran_ms / 1000:.3f} s",
        f"  charged            {found.amount} = {found.credit} + {found.fee} fee (minor units of {found.currency})",
        f"  signed by          {found.key}",
    ]
