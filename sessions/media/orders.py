"""What a server process asks of a media worker, and what that answers: one letter each, as JSON.

Every letter comes from a process that holds the store's address; yet a worker takes no text of a client for granted.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

Side = Literal["user", "expert"]
Outcome = Literal["answered", "hung_up", "busy", "no_answer", "declined", "failed"]
"""How it went with a telephone that was rung."""
STILL_S: Final = 4.0
"""A telephone that rings on for a turn is told as that after so long: so each side knows that the other is there."""
LAST_WORDS_S: Final = 5.5
"""What is said to a telephone before it is hung up is cut off after so long."""
BODY_MAX: Final = 128 * 1024
"""Characters of a letter; an offer of a browser has 16,384 at most, each of which JSON may write as six."""


class _Letter(Struct, frozen=True, tag_field="o", forbid_unknown_fields=True):
    """What all letters share: the field `o`, which says which one it is."""


class Offer(_Letter, frozen=True, tag="offer"):
    """A browser's offer for its side of a session that this worker carries. → Answer"""

    pool: str
    session: str
    side: Side
    peer: str
    sdp: str


class Probe(_Letter, frozen=True, tag="probe"):
    """An offer that only tries the way to here; it ends by itself. → Answer"""

    peer: str
    sdp: str


class Dial(_Letter, frozen=True, tag="dial"):
    """Ring the telephones of a session that this worker carries: the user's, unless that of the turn `offer` was
    answered here, then the expert's; without an `expert_number` that side comes by browser. `apart`: the sound of two
    telephones must pass through here, to be recorded. The languages (BCP 47, "" where unknown) are those in which
    either is spoken to. A repeat changes nothing. → Done"""

    pool: str
    session: str
    offer: str
    user_number: str
    expert_number: str
    caller: str
    ring_s: float
    apart: bool
    user_language: str = ""
    expert_language: str = ""


class RingUser(_Letter, frozen=True, tag="ring_user"):
    """It is a turn: ring the telephone, and keep the line when it is answered. → RingResult, when that is known, or
    "ringing" after `STILL_S`.

    A repeat rings nothing anew: it asks how that telephone stands. One that nobody asks for is hung up."""

    pool: str
    offer: str
    ticket: str
    number: str
    caller: str
    ring_s: float
    language: str = ""


class StopRinging(_Letter, frozen=True, tag="stop_ringing"):
    """The turn that a telephone rings for, or is held for, has passed: it is hung up. `kept`: who has picked up is told
    before that their place is kept. → Done, when the telephone is free again"""

    pool: str
    offer: str
    kept: bool = False


class AskKeys(_Letter, frozen=True, tag="ask_keys"):
    """Ring a number, and wait for `count` keys to be pressed there. → Keyed, when that is known"""

    number: str
    count: int
    caller: str
    ring_s: float


class TellCode(_Letter, frozen=True, tag="tell_code"):
    """Ring a number, say a code of digits there twice, and hang up. → Told, when it is over"""

    number: str
    code: Annotated[str, Meta(pattern=r"^[0-9]{1,12}$(?!\n)")]
    language: str
    caller: str
    ring_s: float


class Answer(_Letter, frozen=True, tag="answer"):
    """The answer to a browser's offer."""

    sdp: str


class Done(_Letter, frozen=True, tag="done"):
    """It has been taken on."""


class RingResult(_Letter, frozen=True, tag="ring_result"):
    """How it went with the telephone of a turn, or goes."""

    outcome: Outcome | Literal["ringing"]


class Keyed(_Letter, frozen=True, tag="keyed"):
    """How it went with a number that was asked for keys, and which were pressed there."""

    outcome: Outcome
    keys: str


class Told(_Letter, frozen=True, tag="told"):
    """How it went with a code that was to be said; "answered": it was, once at least."""

    outcome: Outcome


class Refused(_Letter, frozen=True, tag="refused"):
    """Nothing was done. `code` is a refusal of the wire; `no_such_session` also where another worker carries it."""

    code: str
    detail: str = ""


Order = Offer | Probe | Dial | RingUser | StopRinging | AskKeys | TellCode
Result = Answer | Done | RingResult | Keyed | Told | Refused

_encode = msgspec.json.Encoder().encode
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_results: msgspec.json.Decoder[Result] = msgspec.json.Decoder(Result)


class BadLetter(ValueError):
    """A letter that can't be read: of another release, or too long."""


def write(letter: Order | Result) -> str:
    """A letter as text. Raises BadLetter when it is too long."""
    text = _encode(letter).decode()
    if len(text) > BODY_MAX:
        raise BadLetter("too long")
    return text


def read_order(text: str) -> Order:
    """Raises BadLetter."""
    try:
        return _orders.decode(text)
    except msgspec.MsgspecError as error:
        raise BadLetter(str(error)) from None


def read_result(text: str) -> Result:
    """Raises BadLetter."""
    try:
        return _results.decode(text)
    except msgspec.MsgspecError as error:
        raise BadLetter(str(error)) from None
