"""From a message to a call on a room's door: one method per message, found in one table.

Who may send a message at all is decided before (`identity.roles`); here every object is held to the member: the door of
the room gets the member's own id and answers for an object of others as for one that does not exist.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from ground.errors import Refusal
from presence.presence import Presence
from queueing.facts import Terms, TicketFacts
from queueing.line import Line
from server import views
from server.accepting import Accepting
from server.attachments import Attachments, Member
from server.card_numbers import without_card_numbers
from server.catalogue import Catalogue
from server.connection import Connection
from server.desks.desk import Handlers
from server.fanout import Fanout
from server.forecasts import OpenForecasts
from server.pages import Pages, View, Wallet, no_wallet
from server.terms import LineTerms
from sessions.conversation import Conversation
from wire import messages
from wire.messages import ClientMessage, ServerMessage

CATCH_UP_S: Final = 2.0
"""How long a page that knows more than this process waits until the process knows it too."""
Answer = dict[str, Any]
Ice = Callable[[Connection], list[messages.IceServer]]
CheckPhone = Callable[[Connection], Awaitable[None]]
"""Whether somebody may be called. Raises Refusal."""


async def nobody_is_called(_conn: Connection) -> None:
    """Where there are no telephones."""
    raise Refusal("no_phone")


class Commands:
    """What one process answers. Each method may raise Refusal and StoreUnavailable."""

    def __init__(
        self,
        *,
        line: Line,
        presence: Presence,
        conversation: Conversation,
        fanout: Fanout,
        forecasts: OpenForecasts,
        attachments: Attachments,
        catalogue: Catalogue,
        terms: LineTerms,
        accepting: Accepting,
        ice: Ice,
        desks: Handlers,
        wallet: Wallet = no_wallet,
        check_phone: CheckPhone = nobody_is_called,
    ) -> None:
        self._line = line
        self._presence = presence
        self._conversation = conversation
        self._fanout = fanout
        self._forecasts = forecasts
        self._attachments = attachments
        self._catalogue = catalogue
        self._terms = terms
        self._accepting = accepting
        self._ice = ice
        self._desks = desks
        self._check_phone = check_phone
        self._pages = Pages(fanout.hub, fanout.clock, wallet)
        fanout.resnapshot = self.resnapshot

    # ------------------------------------------------------------ coming and going

    async def welcome(self, conn: Connection, hello: messages.Hello) -> messages.Welcome:
        """The connection is signed in: open its pool, count its member as here, say where it stands."""
        page = await self._catalogue.open(hello.pool)
        live = await self._fanout.open(hello.pool)
        resumed = await self._can_resume(conn, hello)
        if who := _attached(conn):
            await self._attachments.attach(who)
        # From here on without a pause: the welcome is the first frame that the page gets.
        view = View(live, page, self._forecasts.of(live), hello.seq if resumed else -1)
        self._pages.enter(conn, view)
        return messages.Welcome(
            id=hello.id,
            pool=hello.pool,
            pool_name=page.pool.name,
            role=conn.role,
            member=conn.member,
            name=conn.name,
            epoch=live.mirror.epoch,
            seq=live.mirror.seq,
            now=self._fanout.clock.now_ms(),
            resumed=resumed,
            rules=views.rules(live.mirror.settings, page.pool.options),
            ice=self._ice(conn),
        )

    async def _can_resume(self, conn: Connection, hello: messages.Hello) -> bool:
        if not hello.epoch:
            return False
        live = self._fanout.pool(hello.pool)
        if not live.can_resume(hello.epoch, hello.seq):
            return False
        return await live.reached(hello.epoch, hello.seq, CATCH_UP_S)

    async def watch(self, conn: Connection, watch: messages.Watch) -> ServerMessage | None:
        """Set what the page looks at; the truth of it is written before the answer."""
        await self._pages.watch(conn, watch)
        return messages.Ok(id=watch.id, seq=conn.view.live.mirror.seq)

    async def resnapshot(self, conn: Connection) -> None:
        """Tell a page everything again: frames were dropped, or the history was lost."""
        if conn.view is not None:
            await self._pages.snapshot(conn)

    async def gone(self, conn: Connection) -> None:
        """The connection is over."""
        view: View | None = conn.view
        if view is None:
            return
        conn.view = None
        view.live.left(conn)
        if who := _attached(conn):
            await self._attachments.detach(who, conn.heard)

    async def handle(self, conn: Connection, message: ClientMessage) -> ServerMessage | None:
        """Run one command. The answer carries the request's id; a ping is answered by a beat."""
        message = without_card_numbers(message)
        if desk := self._desks.get(type(message)):
            return await desk(conn, message)
        return await _HANDLERS[type(message)](self, conn, message)

    # ------------------------------------------------------------ a user

    async def _join(self, conn: Connection, ask: messages.Join) -> ServerMessage:
        await self._check_mode(conn, ask.experts, ask.mode)
        terms = await self._terms.joined(conn, ask.experts, ask.mode, dict(zip(ask.experts, ask.rates, strict=False)))
        # The order says who is asked first when several are free: the one whom the user knows.
        experts = await self._conversation.last_first(conn.pool, conn.member, ask.experts)
        answer = await self._line.join(
            conn.pool, conn.member, experts, ask.mode, name=conn.name, terms=terms, op=ask.op
        )
        return self._joined(conn, ask.id, answer, terms)

    async def _connect(self, conn: Connection, ask: messages.Connect) -> ServerMessage:
        await self._check_mode(conn, [ask.expert], ask.mode)
        terms = await self._terms.joined(conn, [ask.expert], ask.mode, _shown(ask))
        answer = await self._line.connect(
            conn.pool, conn.member, ask.expert, ask.mode, name=conn.name, terms=terms, op=ask.op
        )
        return self._joined(conn, ask.id, answer, terms)

    async def _switch(self, conn: Connection, ask: messages.Switch) -> ServerMessage:
        view: View = conn.view
        ticket = view.live.mirror.ticket_of(conn.member)
        if ticket:
            await self._check_mode(conn, [ask.expert], ticket.mode)
        priced, terms = await self._terms.switched(conn, ask.expert, _shown(ask))
        answer = await self._line.switch(
            conn.pool, conn.member, ask.expert, leaving=ask.leaving, terms=terms, op=ask.op
        )
        if priced and answer["ticket"] != priced:  # meanwhile the user has another ticket, perhaps in a dearer mode
            await self._line.leave(conn.pool, conn.member, ask.expert)
            raise Refusal("no_ticket")
        return self._joined(conn, ask.id, answer, _kept(ticket) | terms)

    async def _check_mode(self, conn: Connection, experts: Sequence[str], mode: messages.Mode) -> None:
        """An expert is asked only for what they offer; whether they exist is for the line to say. For a session by
        telephone the user can be called."""
        view: View = conn.view
        for expert in experts:
            known = view.page.profiles.get(expert)
            if known is not None and mode not in known.modes:
                raise Refusal("mode_not_offered", expert)
        if mode == "phone":
            await self._check_phone(conn)

    def _joined(self, conn: Connection, request: int, answer: Answer, terms: Mapping[str, Terms]) -> messages.Joined:
        view: View = conn.view
        rates = {expert: each.rate for expert, each in terms.items()}
        places = [
            messages.LinePlace(expert=expert, ordinal=ordinal, ahead=ahead, length=length, rate=rates.get(expert, 0))
            for expert, ordinal, ahead, length in answer["places"]
        ]
        return messages.Joined(
            id=request,
            seq=answer["seq"],
            ticket=answer["ticket"],
            state=answer["state"],
            joined_at=answer["joined_at"],
            places=places,
            forecast=view.forecasts.places(places),
        )

    async def _leave(self, conn: Connection, ask: messages.Leave) -> ServerMessage:
        return _ok(ask, await self._line.leave(conn.pool, conn.member, ask.expert, op=ask.op))

    async def _step_away(self, conn: Connection, ask: messages.StepAway) -> ServerMessage:
        return _ok(ask, await self._line.step_away(conn.pool, conn.member, ask.seconds, op=ask.op))

    async def _come_back(self, conn: Connection, ask: messages.ComeBack) -> ServerMessage:
        return _ok(ask, await self._line.come_back(conn.pool, conn.member, op=ask.op))

    # ------------------------------------------------------------ both sides

    async def _accept(self, conn: Connection, ask: messages.Accept) -> ServerMessage:
        return _ok(ask, await self._accepting.accept(conn, ask))

    async def _decline(self, conn: Connection, ask: messages.Decline) -> ServerMessage:
        return _ok(ask, await self._line.decline(conn.pool, ask.offer, conn.role, conn.member, ask.reason, op=ask.op))

    async def _connected(self, conn: Connection, ask: messages.Connected) -> ServerMessage:
        who = (ask.session, conn.role, conn.member)
        return _ok(ask, await self._line.connected(conn.pool, *who, by_chat=ask.by_chat))

    async def _end(self, conn: Connection, ask: messages.End) -> ServerMessage:
        return _ok(ask, await self._line.end(conn.pool, ask.session, conn.role, conn.member, ask.reason, op=ask.op))

    async def _say(self, conn: Connection, ask: messages.Say) -> ServerMessage:
        answer = await self._conversation.say(conn.pool, ask.session, conn.role, conn.member, ask.text, op=ask.op)
        return _ok(ask, answer)

    async def _typing(self, conn: Connection, ask: messages.Typing) -> ServerMessage:
        return _ok(ask, await self._whisper(conn, ask.session, "typing", ""))

    async def _signal(self, conn: Connection, ask: messages.Signal) -> ServerMessage:
        return _ok(ask, await self._whisper(conn, ask.session, ask.kind, ask.data))

    async def _whisper(self, conn: Connection, session: str, kind: str, data: str) -> Answer:
        return await self._conversation.whisper(conn.pool, session, conn.role, conn.member, kind, data)

    async def _delivered(self, conn: Connection, ask: messages.Delivered) -> ServerMessage:
        return _ok(ask, await self._conversation.delivered(conn.pool, ask.session, conn.role, conn.member, ask.n))

    async def _history(self, conn: Connection, ask: messages.History) -> ServerMessage:
        page = await self._conversation.history(conn.pool, ask.session, conn.role, conn.member, ask.before, ask.limit)
        return messages.HistoryPage(
            id=ask.id,
            session=ask.session,
            lines=[views.chat_line(line) for line in page.lines],
            delivered_user=page.delivered_user,
            delivered_expert=page.delivered_expert,
            more=page.more,
        )

    # ------------------------------------------------------------ an expert

    async def _declare(self, conn: Connection, ask: messages.Declare) -> ServerMessage:
        return _ok(ask, await self._presence.declare(conn.pool, conn.member, ask.status, ask.reason, op=ask.op))

    async def _finish_wrap_up(self, conn: Connection, ask: messages.FinishWrapUp) -> ServerMessage:
        return _ok(ask, await self._line.finish_wrap_up(conn.pool, conn.member, op=ask.op))

    # ------------------------------------------------------------ an operator

    async def _move(self, conn: Connection, ask: messages.Move) -> ServerMessage:
        by = _operator(conn)
        terms = await self._terms.moved(conn.view, ask.ticket, ask.expert)
        answer = await self._line.move(
            conn.pool, ask.ticket, ask.expert, ask.to, ask.reason, by, terms=terms, op=ask.op
        )
        return _ok(ask, answer)

    async def _remove(self, conn: Connection, ask: messages.Remove) -> ServerMessage:
        return _ok(ask, await self._line.remove(conn.pool, ask.ticket, ask.reason, _operator(conn), op=ask.op))

    async def _force(self, conn: Connection, ask: messages.Force) -> ServerMessage:
        by = _operator(conn)
        return _ok(ask, await self._presence.declare(conn.pool, ask.expert, ask.status, ask.reason, by=by, op=ask.op))

    async def _end_session(self, conn: Connection, ask: messages.EndSession) -> ServerMessage:
        return _ok(ask, await self._line.end(conn.pool, ask.session, "operator", conn.member, ask.reason, op=ask.op))

    async def _ping(self, conn: Connection, _ask: messages.Ping) -> ServerMessage:
        """Pages ask when somebody looks at them again, as after paying in another window."""
        if conn.role == "user":
            self._pages.wallet(conn.view.live, conn.member)
        return self._pages.beat(conn.view.live)


_HANDLERS: Final[dict[type, Callable[[Commands, Connection, Any], Awaitable[ServerMessage]]]] = {
    messages.Join: Commands._join,
    messages.Connect: Commands._connect,
    messages.Switch: Commands._switch,
    messages.Leave: Commands._leave,
    messages.StepAway: Commands._step_away,
    messages.ComeBack: Commands._come_back,
    messages.Accept: Commands._accept,
    messages.Decline: Commands._decline,
    messages.Connected: Commands._connected,
    messages.End: Commands._end,
    messages.Say: Commands._say,
    messages.Typing: Commands._typing,
    messages.Signal: Commands._signal,
    messages.Delivered: Commands._delivered,
    messages.History: Commands._history,
    messages.Declare: Commands._declare,
    messages.FinishWrapUp: Commands._finish_wrap_up,
    messages.Move: Commands._move,
    messages.Remove: Commands._remove,
    messages.Force: Commands._force,
    messages.EndSession: Commands._end_session,
    messages.Ping: Commands._ping,
}


def _attached(conn: Connection) -> Member | None:
    """Users and experts are present through their connections; guests and operators are not."""
    if conn.member and conn.role in ("user", "expert"):
        return Member(conn.pool, conn.role, conn.member)
    return None


def _shown(ask: messages.Connect | messages.Switch) -> dict[str, int]:
    """The rate that the page says it showed."""
    return {ask.expert: ask.rate} if ask.rate >= 0 else {}


def _kept(ticket: TicketFacts | None) -> dict[str, Terms]:
    """What was locked with the places that a ticket has."""
    return {expert: Terms(rate, free, limit) for expert, rate, free, limit in ticket.terms} if ticket else {}


def _operator(conn: Connection) -> str:
    return f"operator:{conn.member}"


def _ok(ask: messages.Request, answer: Answer) -> messages.Ok:
    return messages.Ok(id=ask.id, seq=answer["seq"])
