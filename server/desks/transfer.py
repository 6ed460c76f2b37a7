"""An expert hands a session over to a colleague, if the user wants that."""

from ground.errors import Refusal
from queueing.facts import SessionFacts
from queueing.media import Media
from server.connection import Connection
from server.desks.calls import session_of
from server.desks.desk import Handlers
from server.pages import View
from server.terms import LineTerms
from wire import messages


class TransferDesk:
    """Answers `propose_transfer` and `answer_transfer`."""

    def __init__(self, media: Media, terms: LineTerms) -> None:
        self._media = media
        self._terms = terms

    def handlers(self) -> Handlers:
        return {messages.ProposeTransfer: self._propose, messages.AnswerTransfer: self._answer}

    async def _propose(self, conn: Connection, ask: messages.ProposeTransfer) -> messages.Ok:
        """Refused `no_such_session`, `session_over`, `same_expert`, `unknown_expert`, `mode_not_offered`,
        `expert_offline`, `line_closed`, `line_full`."""
        facts, view = session_of(conn, ask.session), _view(conn)
        colleague = view.page.profiles.get(ask.expert)
        if colleague is not None and facts.mode not in colleague.modes:
            raise Refusal("mode_not_offered", ask.expert)
        answer = await self._media.propose_transfer(conn.pool, ask.session, conn.member, ask.expert, op=ask.op)
        return messages.Ok(id=ask.id, seq=answer["seq"])

    async def _answer(self, conn: Connection, ask: messages.AnswerTransfer) -> messages.Ok:
        """Refused `no_such_session`, `session_over`, `no_transfer`, `rate_higher`, and what joining the colleague's
        line is refused for; then the session goes on, and the proposal stands."""
        facts = _proposed(conn, ask) if ask.yes else None
        terms = await self._terms.transferred(conn, facts, {ask.expert: ask.rate}) if facts else {}
        answer = await self._media.answer_transfer(
            conn.pool, ask.session, conn.member,
            yes=ask.yes, expert=facts.transfer_to if facts else "", terms=terms, op=ask.op,
        )  # fmt: skip
        return messages.Ok(id=ask.id, seq=answer["seq"])


def _proposed(conn: Connection, ask: messages.AnswerTransfer) -> SessionFacts | None:
    """The session, if a transfer of it is proposed to the colleague whom the user was shown. Where this process knows
    of none the store has the answer: the first one for a repeat, else that there is none."""
    facts = _view(conn).live.mirror.session(ask.session)
    if facts is None or facts.user != conn.member or facts.state == "ended":
        return None
    return facts if facts.transfer_to and facts.transfer_to == ask.expert else None


def _view(conn: Connection) -> View:
    view: View = conn.view
    return view
