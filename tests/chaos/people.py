"""People who do random things over real sockets, come again when cut off, and repeat what was not answered."""

import asyncio
import contextlib
import random
import uuid
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from identity.tokens import Member
from tests.chaos.town import Town
from tests.chaos.view import View
from wire import messages
from wire.codec import MSGPACK

ANSWER_S = 20.0
REPEAT = ("store_unavailable", "rate_limited", "internal")
"""Refusals that say nothing of whether it was done: the same operation is asked again."""
_LOST = (OSError, TimeoutError, websockets.WebSocketException)


class Person:
    """One member with one page. `granted` are the answers that said yes: (request, answer)."""

    role: Member

    def __init__(self, town: Town, pool: str, member: str, seed: int) -> None:
        self.town, self.pool, self.member = town, pool, member
        self.dice = random.Random(seed)
        self.view = View()
        self.granted: list[tuple[messages.Request, Any]] = []
        self.refused: list[str] = []
        self.wild = True
        self.over = False
        self.here = False
        self._socket: ClientConnection | None = None
        self._open: tuple[messages.Request, asyncio.Future[Any]] | None = None
        self._number = 0

    # ------------------------------------------------------------ being connected

    async def live(self) -> None:
        """Come, and come again, until it is over."""
        while not self.over:
            port = self.dice.choice(self.town.ports)
            url = f"ws://127.0.0.1:{port}/v1/ws"
            with contextlib.suppress(*_LOST):
                async with websockets.connect(
                    url, subprotocols=[Subprotocol(MSGPACK.subprotocol)], compression=None, open_timeout=3,
                    close_timeout=1, max_queue=1024, ping_interval=None,
                ) as socket:  # fmt: skip
                    await self._listen(socket)
            self.here, self._socket = False, None
            await asyncio.sleep(self.dice.uniform(0.05, 0.4))

    async def _listen(self, socket: ClientConnection) -> None:
        epoch = self.view.epoch if self.view.seq else ""
        token = self.town.token(self.pool, self.role, self.member)
        await self._write(socket, messages.Hello(id=0, pool=self.pool, token=token, epoch=epoch, seq=self.view.seq))
        async for frame in socket:
            message = MSGPACK.decode_server(frame)
            self.view.take(message)
            if isinstance(message, messages.Welcome):
                await self._write(socket, messages.Watch(id=0, all=True))
                self._socket = socket
                await self._ask_again()
            elif isinstance(message, messages.Ok | messages.Joined | messages.Refused):
                self._answered(message)
            elif isinstance(message, messages.Beat) and not self.view.settling:
                self.here = True

    async def _write(self, socket: ClientConnection, message: messages.Request) -> None:
        await socket.send(MSGPACK.encode(message), text=False)

    def vanish(self) -> None:
        """The page is gone without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    # ------------------------------------------------------------ asking

    async def ask(self, kind: Any, **fields: Any) -> Any:
        """One operation at a time, repeated under its own name until it is answered. Raises TimeoutError."""
        if "op" in kind.__struct_fields__:
            fields["op"] = uuid.uuid4().hex
        self._number += 1
        request = kind(id=self._number, **fields)
        async with asyncio.timeout(ANSWER_S):
            while True:
                self._open = (request, asyncio.get_running_loop().create_future())
                await self._ask_again()
                answer = await self._open[1]
                if not (isinstance(answer, messages.Refused) and answer.code in REPEAT):
                    break
                await asyncio.sleep(0.2)
        self._open = None
        if isinstance(answer, messages.Refused):
            self.refused.append(answer.code)
        else:
            self.granted.append((request, answer))
        return answer

    async def _ask_again(self) -> None:
        if self._open is not None and self._socket is not None:
            with contextlib.suppress(*_LOST):
                await self._write(self._socket, self._open[0])

    def _answered(self, answer: Any) -> None:
        if self._open is not None and answer.id == self._open[0].id and not self._open[1].done():
            self._open[1].set_result(answer)

    # ------------------------------------------------------------ doing something

    async def act(self, pace_s: float) -> None:
        """Do something now and then while it is wild; then finish what is open."""
        while self.wild:
            await asyncio.sleep(self.dice.uniform(0.3, 1.7) * pace_s)
            if self.dice.random() < 0.03:
                self.vanish()
            elif self.here:
                await self.step()

    async def step(self) -> None:
        raise NotImplementedError

    async def meet(self, talk: messages.Session) -> None:
        """What both sides do in a session."""
        if not talk.mine:
            await self.ask(messages.Connected, session=talk.session)
        elif self.dice.random() < 0.35:
            await self.ask(messages.End, session=talk.session, reason="done")
        else:
            await self.ask(messages.Say, session=talk.session, text=self.dice.choice(["yes", "no", "perhaps"]))


class User(Person):
    role: Member = "user"

    def __init__(self, town: Town, pool: str, member: str, seed: int, experts: list[str]) -> None:
        super().__init__(town, pool, member, seed)
        self.experts = experts

    async def step(self) -> None:
        roll, view = self.dice.random(), self.view
        offer, talk = view.offer(), view.talk()
        if talk:
            await self.meet(talk)
        elif offer and not offer.mine and roll < 0.8:
            await self.ask(messages.Accept, offer=offer.offer)
        elif not view.ticket:
            await self._come(roll)
        elif roll < 0.15:
            await self.ask(messages.Leave)
        elif roll < 0.35:
            await self.ask(messages.Switch, expert=self.dice.choice(self.experts))
        elif roll < 0.42:
            await self.ask(messages.StepAway, seconds=1)
        elif roll < 0.5:
            await self.ask(messages.ComeBack)

    async def _come(self, roll: float) -> None:
        if roll < 0.25:
            await self.ask(messages.Connect, expert=self.dice.choice(self.experts))
        else:
            chosen = self.dice.sample(self.experts, self.dice.choice([1, 1, 2, 3]))
            await self.ask(messages.Join, experts=chosen)


class Adviser(Person):
    role: Member = "expert"

    async def step(self) -> None:
        roll, view = self.dice.random(), self.view
        offer, talk = view.offer(), view.talk()
        indicator = view.lights.get(self.member, (0, "", 0))[1]
        if talk:
            await self.meet(talk)
        elif offer and not offer.mine and roll < 0.85:
            await self.ask(messages.Accept, offer=offer.offer)
        elif offer and not offer.mine and roll < 0.95:
            await self.ask(messages.Decline, offer=offer.offer, reason="not mine")
        elif indicator in ("away", "offline"):
            await self.ask(messages.Declare, status="online")
        elif indicator == "wrap-up" and roll < 0.5:
            await self.ask(messages.FinishWrapUp)
        elif roll < 0.06:
            await self.ask(messages.Declare, status=self.dice.choice(["away", "offline"]))
