"""Calls through a whole server, for `bench media`: pairs of signed-in members, and the legs of a `MediaClient`."""

import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NamedTuple

from loadtest.caller import Caller, kept_alive, new_op
from loadtest.private_server import ROOT, PrivateServer
from loadtest.process import CLIENT_CORE, BenchError, LineProcess
from wire.messages import (
    Accept,
    Connect,
    End,
    FinishWrapUp,
    Ice,
    IceOf,
    Joined,
    MediaAnswer,
    MediaOffer,
    Offer,
    Ok,
    Session,
)

CONNECT_S: Final = 15.0
LIMITED_S: Final = 20.0
"""How long it is asked again where somebody asks more often than one person may."""
AT_ONCE: Final = 10
USERS_FROM: Final = "127.0.0.2"
"""Else experts and users would be more connections than one address may have."""

Legs = list[int]


class MediaClient(LineProcess):
    """The legs of all calls, in a process on the clients' core."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "loadtest.media_client"], core=CLIENT_CORE, cwd=ROOT)

    def do(self, what: str, **fields: Any) -> Any:
        return self.ask_json({"do": what, **fields}, within_s=120.0)

    def connect(self, answers: Sequence[tuple[int, str]], until: str = "heard") -> list[int]:
        """When each leg first heard something (ns of CLOCK_MONOTONIC)."""
        return [at for _, at in self.do("connect", answers=answers, until=until, within_s=CONNECT_S)]


class Met(NamedTuple):
    """Two who have a session; `accepted_ns` is when the expert's yes was sent."""

    session: str
    accepted_ns: int


class Pair:
    """An expert and a user who call each other again and again."""

    def __init__(self, name: str, expert: Caller, user: Caller) -> None:
        self.name, self.expert, self.user = name, expert, user
        self._before = ""

    def meet(self) -> Met:
        """The user connects, the expert accepts."""
        self.expert.drain()
        self.user.drain()
        self.user.ask(Connect(id=0, op=new_op(), expert=self.name, mode="audio"), Joined)
        while (offer := self.expert.until(Offer)).state != "ringing":
            continue  # the end of the call before may still be on its way
        accepted = time.monotonic_ns()
        self.expert.ask(Accept(id=0, op=new_op(), offer=offer.offer), Ok)
        session = self._session(self.user)
        self._session(self.expert)
        self._before = session
        return Met(session, accepted)

    def _session(self, side: Caller) -> str:
        while (told := side.until(Session)).session == self._before:
            continue
        if told.path != "bridged":
            raise BenchError("the session is not bridged")
        return told.session

    def answers(self, session: str, offers: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        """The media worker's answers to an offer of the user and one of the expert, each asked for as a page does."""
        sides = zip((self.user, self.expert), offers, strict=False)
        return [(leg, self._answer(side, session, sdp)) for side, (leg, sdp) in sides]

    def _answer(self, side: Caller, session: str, sdp: str) -> str:
        patience = time.monotonic() + LIMITED_S
        while True:
            try:
                side.ask(IceOf(id=0, session=session), Ice)
                return side.ask(MediaOffer(id=0, session=session, peer=_peer_name(), sdp=sdp), MediaAnswer).sdp
            except BenchError as error:
                if "rate_limited" not in str(error) or time.monotonic() > patience:
                    raise
            time.sleep(0.5)

    def part(self, session: str) -> None:
        """The user ends it, and the expert is free again."""
        self.user.ask(End(id=0, op=new_op(), session=session), Ok)
        try:
            self.expert.ask(FinishWrapUp(id=0, op=new_op()), Ok)
        except BenchError as error:
            if "not_in_wrap_up" not in str(error):  # what nobody was connected to needs none
                raise


def _peer_name() -> str:
    return f"p{secrets.token_hex(6)}"


@contextmanager
def pairs_of(server: PrivateServer) -> Iterator[list[Pair]]:
    """One for each expert of the server, all of them connected and online."""
    with server.staff("online") as experts, ExitStack() as stack:
        tokens = server.tokens("user", [f"u{i}" for i in range(len(experts))])
        users = [stack.enter_context(server.caller(token, USERS_FROM)) for token in tokens]
        with kept_alive(users):
            yield [Pair(*each) for each in zip(server.experts, experts, users, strict=True)]


class Call(NamedTuple):
    """A call that is up: who has it, and its two legs (the user's first)."""

    pair: Pair
    session: str
    legs: Legs


def first_audio_ns(client: MediaClient, pair: Pair) -> int:
    """From the expert's yes until both have heard each other; the call is over when this returns."""
    met = pair.meet()
    answers = pair.answers(met.session, client.do("offers", count=2))
    heard = client.connect(answers)
    hang_up(client, [Call(pair, met.session, [leg for leg, _ in answers])])
    return max(heard) - met.accepted_ns


def set_up(client: MediaClient, pairs: Sequence[Pair]) -> list[Call]:
    """A call for each pair, in which both hear each other. Some at a time: a worker's answer is good for seconds."""
    calls: list[Call] = []
    for first in range(0, len(pairs), AT_ONCE):
        made, answers = _answered(client, pairs[first : first + AT_ONCE], 2)
        client.connect(answers)
        calls += made
    return calls


def _answered(client: MediaClient, pairs: Sequence[Pair], legs: int) -> tuple[list[Call], list[tuple[int, str]]]:
    """Calls that are accepted, with the answers to the first `legs` legs of each."""
    calls: list[Call] = []
    answers: list[tuple[int, str]] = []
    for pair in pairs:
        session = pair.meet().session
        got = pair.answers(session, client.do("offers", count=legs) if legs else [])
        calls.append(Call(pair, session, [leg for leg, _ in got]))
        answers += got
    return calls, answers


def hang_up(client: MediaClient, calls: Sequence[Call]) -> None:
    for call in calls:
        call.pair.part(call.session)
    client.do("close", legs=[leg for call in calls for leg in call.legs])


def make_and_end(client: MediaClient, pairs: Sequence[Pair]) -> int:
    """A call for each pair, made and ended; returns how many there were.

    Of ten, one is hung up before anybody has come, one when only the user is connected, one after both offered and
    before either connects; the others when both have heard each other.
    """
    tenths = [list(pairs[i::10]) for i in range(10)]
    early, _ = _answered(client, tenths[0], 0)
    alone, answers = _answered(client, tenths[1], 1)
    client.connect(answers, until="open")
    offered, _ = _answered(client, tenths[2], 2)
    talking = set_up(client, [pair for tenth in tenths[3:] for pair in tenth])
    calls = [*early, *alone, *offered, *talking]
    hang_up(client, calls)
    return len(calls)
