"""Audio and telephone: what a client asks about them, and what it is told beside the session itself."""

from typing import Annotated, Literal

from msgspec import Meta

from wire.fields import IceServer, Id, Language, MaybeId, Message, Op, Part, Rate, Reply, Request, ShownRate

Sdp = Annotated[str, Meta(min_length=1, max_length=16_384, pattern=r"^[^\x00]*$")]
NumberText = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Region = Annotated[
    str, Meta(pattern=r"^([A-Z]{2})?$(?!\n)", description="ISO 3166 country of a number typed without +")
]
Code = Annotated[str, Meta(pattern=r"^[0-9]{4,8}$(?!\n)")]
AnswersOn = Literal["browser", "phone"]
"""Where an expert takes sessions by telephone."""
CodeCall = Literal["", "calling", "confirmed", "busy", "no_answer", "declined", "failed", "wrong_keys", "taken", "told"]
"""How the last call stands that was to confirm one's number: "" when there was none lately.

`told`: the code was said there, and comes back in `confirm_number`.
`taken`: as many others have confirmed this number as may."""


class MediaOffer(Request, tag="media_offer"):
    """A bridged session: the page's WebRTC offer for its part. Each new peer connection (after a reload, or when the
    network has changed) makes a new offer under a new `peer` name, which takes the place of the one before.

    With an empty `session` it is a test of the way to the media server, for who will soon be called: it ends after ten
    seconds. Answered by `media_answer`; refused `no_media`, `media_full`, `bad_sdp`, `not_bridged`, `session_over`.
    """

    session: MaybeId
    peer: Id
    sdp: Sdp


class IceOf(Request, tag="ice_of"):
    """Asks for the STUN and TURN servers of a session of one's own, direct or bridged; with an empty `session`, of a
    test before it. Credentials last for minutes: each new peer connection asks anew. Answered by `ice`.
    """

    session: MaybeId


class Record(Request, tag="record"):
    """This side allows that the session is recorded, or no longer does. With both it is; one alone ends it."""

    op: Op
    session: Id
    on: bool


class CallMe(Request, tag="call_me"):
    """A user in line by telephone: ring my phone when it is my turn; the page may be closed until then.

    `rate` is the most that a minute costs in the user's lines as the page showed it: they agree to it, and to no more
    (`rate_higher`); -1 says nothing of it. It is asked for where an operator's move has made it dearer.
    """

    op: Op
    on: bool
    rate: ShownRate = -1


class MyNumber(Request, tag="my_number"):
    """Asks for one's own number."""


class SetNumber(Request, tag="set_number"):
    """This is my telephone number; it replaces the one before. `region` is where it is when it has no country code,
    `language` the one to speak in there."""

    op: Op
    number: NumberText
    region: Region = ""
    language: Language = ""


class VerifyNumber(Request, tag="verify_number"):
    """Confirm my number. By "call": it rings, and a voice says a code there, which comes back in `confirm_number`
    (`NumberPage.spoken`); where no voice is there, whoever picks up presses the keys of the code that the answer shows
    (`NumberPage.keys`). By "text", where the server has a way to send one: the code arrives at the number, and comes
    back in `confirm_number`. `language` is that of the voice or the text."""

    op: Op
    by: Literal["call", "text"] = "call"
    language: Language = ""


class ConfirmNumber(Request, tag="confirm_number"):
    """The code that the telephone was told, by a voice or a text."""

    op: Op
    code: Code


class ForgetNumber(Request, tag="forget_number"):
    op: Op


class AnswerOn(Request, tag="answer_on"):
    """Expert: where sessions by telephone reach me."""

    op: Op
    where: AnswersOn


class ProposeTransfer(Request, tag="propose_transfer"):
    """Expert: ask the user whether they want to go on with a colleague; an empty `expert` takes it back."""

    op: Op
    session: Id
    expert: MaybeId


class AnswerTransfer(Request, tag="answer_transfer"):
    """User: go on with the colleague `expert` (this session ends; the place is the first of that line), or stay. A yes
    to one colleague is none to another, whom the expert has proposed meanwhile; nor to a higher rate than `rate`, which
    the user was shown (a minute of that colleague's, as in `quoted`)."""

    op: Op
    session: Id
    yes: bool
    expert: MaybeId = ""
    rate: Rate = 0


class MediaAnswer(Reply, tag="media_answer"):
    """The media server's answer to an offer; `worker` is its name."""

    session: str
    peer: str
    worker: str
    sdp: str


class Ice(Reply, tag="ice"):
    """What to hand to RTCPeerConnection; those of `welcome` are among them. `until` is when the credentials end, 0
    where there are none."""

    session: str
    servers: list[IceServer]
    until: int


class NumberPage(Reply, tag="number_page"):
    """One's own number. `shown` is how people write it; "" when there is none. Only its owner is ever told.

    `usable`: sessions by telephone can reach it now; `verified`: a code was confirmed. `regions` are the countries that
    the pool calls, empty where it calls nobody; `ways` are those in which a number can be confirmed. `keys` is what to
    press on the telephone that rings now, only in the answer to `verify_number`; `call` how that call stands (ask again
    while it is "calling"), and `spoken` that it says a code. `missed_at`: when a place in line was given up, because
    nobody picked up at the turn.
    """

    shown: str
    region: str
    verified: bool
    usable: bool
    regions: list[str]
    ways: list[Literal["call", "text"]]
    answers_on: AnswersOn
    keys: str
    spoken: bool
    call: CodeCall
    missed_at: int


class TransferOffer(Part):
    """Where an expert wants to hand a session over to; `quote` says what it costs there. `shut` is why nobody can be
    asked there any more, "" while they can."""

    expert: str
    name: str
    shut: str


class MediaMoved(Message, tag="media_moved"):
    """The media server of this session is gone; `worker` is the one that carries it now, "" where none does yet.
    Whoever is connected to another (see `media_answer`) makes a new peer connection and offers it."""

    session: str
    worker: str
