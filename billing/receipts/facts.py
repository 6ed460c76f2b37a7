"""What a receipt says, fact by fact. Other people in the line are ordinals; no name and no word of a chat is in it.

Times are milliseconds since 1970, amounts minor units. `at` is when the journal says that it happened; `prev` is the
SHA-256 of the fact before (of the header, for the first), as `chain.py` makes it.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(max_length=200)]
Number = Annotated[int, Meta(ge=-(2**62), le=2**62)]
Whole = Annotated[int, Meta(ge=0, le=2**62)]
Hash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]
Ordinals = Annotated[list[Number], Meta(max_length=2000)]
Side = Literal["user", "expert"]
Passed = Annotated[list[tuple[Number, Text]], Meta(max_length=2000)]
FACTS_MAX: Final = 5000


class Header(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which session this is about. `currency` is of all amounts."""

    receipt: Literal[1] = 1
    pool: Text
    session: Text
    ticket: Text
    expert: Text
    mode: Text
    currency: Text


class Fact(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all facts have."""

    at: Whole
    prev: Hash = ""


class Joined(Fact, tag="joined"):
    """The ticket came to the line at `ordinal`, behind those at `ahead` and before those at `behind`, who all came
    earlier. From now on `rate` a minute after the first `free_ms` is agreed. `by`: user, operator, or
    transfer (from a colleague)."""

    ordinal: Number
    ahead: Ordinals
    behind: Ordinals
    rate: Whole
    free_ms: Whole
    by: Text


class Left(Fact, tag="left"):
    """Somebody at `ordinal` has left the line: matched, or gone."""

    ordinal: Number
    why: Text


class Shifted(Fact, tag="shifted"):
    """An operator has moved somebody who was at `ordinal` to `to`."""

    ordinal: Number
    to: Number


class Came(Fact, tag="came"):
    """An operator has put somebody who came later ahead, at `ordinal`."""

    ordinal: Number


class Moved(Fact, tag="moved"):
    """An operator has moved this ticket to `ordinal`. All who are ahead now, and those behind who came earlier."""

    ordinal: Number
    ahead: Ordinals
    behind: Ordinals


class Overtaken(Fact, tag="overtaken"):
    """Somebody who came later was matched, for this ticket was passed over: `reason` says why."""

    reason: Text


class Offered(Fact, tag="offered"):
    """The expert was free, and it was this ticket's turn."""

    offer: Text
    rate: Whole
    free_ms: Whole


class Accepted(Fact, tag="accepted"):
    """A side has said yes."""

    offer: Text
    side: Side


class OfferOver(Fact, tag="offer_over"):
    """The offer has ended without a match: declined, missed, not_ready or withdrawn."""

    offer: Text
    state: Text


class Matched(Fact, tag="matched"):
    """Both have said yes. `overtook` are those who came earlier and are still in the line, each with the reason it was
    passed over. What is set aside lasts for `budget_ms`; of a charge `fee_bps` hundredths of a per cent are the pool's.
    """

    offer: Text
    overtook: Passed
    budget_ms: Whole
    fee_bps: Whole


class Connected(Fact, tag="connected"):
    """A side has shown that it is connected."""

    side: Side


class Running(Fact, tag="running"):
    """The clock runs since `since`: both sides are heard."""

    since: Whole


class Stopped(Fact, tag="stopped"):
    """The clock ran until `until`, the last sign of `side` (user, expert, both; "" at the end). Again while it stands
    still: the last sign turned out to be older."""

    until: Whole
    side: Literal["", "user", "expert", "both"]


class Funded(Fact, tag="funded"):
    """What is set aside lasts for `budget_ms` now, after a deposit."""

    budget_ms: Whole


class Ended(Fact, tag="ended"):
    """The session is over: `by` user, expert, operator or system. The clock ran for `ran_ms`."""

    reason: Text
    by: Text
    ran_ms: Whole


class Charged(Fact, tag="charged"):
    """What it came to: `amount` = `fee` + `credit`. `outcome`: charged; short (nothing, for so short a connection);
    free (within the free minutes); unpaid (nothing was set aside). `held` was set aside, and no more is charged.
    `rounding` names the roundings: which way a fraction went."""

    outcome: Text
    rate: Whole
    free_ms: Whole
    ran_ms: Whole
    held: Whole
    fee_bps: Whole
    amount: Whole
    fee: Whole
    credit: Whole
    rounding: Text


AnyFact = (
    Joined | Left | Shifted | Came | Moved | Overtaken | Offered | Accepted | OfferOver | Matched | Connected | Running
    | Stopped | Funded | Ended | Charged
)  # fmt: skip
ROUNDING: Final = "amount down, fee down"


class Seal(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`head` is the SHA-256 of the last fact; `signature` (Ed25519, base64url) is over `chain.signed` of it. `key` is
    the public key (base64url): compare it with those that the server publishes."""

    head: Hash
    key: Annotated[str, Meta(max_length=64)]
    signature: Annotated[str, Meta(max_length=128)]


class Receipt(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A whole receipt."""

    header: Header
    facts: Annotated[list[AnyFact], Meta(min_length=1, max_length=FACTS_MAX)]
    seal: Seal


Plain = dict[str, Any]
