"""What the server says about money: what a session would cost, what it has cost so far, what it came to."""

from typing import Literal

from wire.fields import Bill, Message, Mode, Reply


class Quoted(Reply, tag="quoted"):
    """The answer to `quote`: `rate` for a minute after `free_s` free seconds, `balance` that may be spent now.

    `enough_s` is how long that lasts, at most the pool's longest session; -1 where nothing is charged. With `enough`
    false it is less than `minimum_s`, and joining is refused. `deposits` are amounts to offer, empty where nobody can
    pay in now.
    """

    expert: str
    mode: Mode
    currency: str
    rate: int
    free_s: int
    balance: int
    enough_s: int
    minimum_s: int
    enough: bool
    deposits: list[int]


class DepositPage(Reply, tag="deposit_page"):
    """Where to pay: a page of the card processor. What is paid there comes by `wallet`."""

    url: str


class BillPage(Reply, tag="bill_page"):
    """The answer to `bill_of`."""

    bill: Bill


class Wallet(Message, tag="wallet"):
    """A user's own balance in a prepaid pool, after every snapshot and whenever it changed.

    `balance` may be spent now; `held` is set aside for a session that is under way.
    """

    at: int
    currency: str
    balance: int
    held: int
    frozen: bool


class Meter(Message, tag="meter"):
    """The clock of a session, whole, whenever it changed and after every snapshot; to both sides.

    At `at` both sides had been connected for `ran_ms`; it runs since `running_since` (0: it stands still, and `frozen`
    says whose connection is missing, or "" before the beginning and after the end). `budget_ms` is what the money set
    aside lasts for, 0 where nothing is charged. `ends_at` is when the money or the longest time is used up if the clock
    runs on, 0 while it stands still. `fee_bps` is told to the expert.
    """

    seq: int
    at: int
    session: str
    currency: str
    rate: int
    free_ms: int
    budget_ms: int
    ran_ms: int
    running_since: int
    frozen: Literal["", "user", "expert", "both"]
    ends_at: int
    fee_bps: int


class Billed(Message, tag="billed"):
    """A session of this side is settled."""

    bill: Bill
